"""Rebuilding SQL from the journal, and keeping both lines after a split."""
