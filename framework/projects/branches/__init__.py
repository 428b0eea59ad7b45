"""Branches and tags as the site changes them, and the rules that protect them."""
