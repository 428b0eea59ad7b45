"""Holdfast: projects kept in Git, with packs in an object store and refs in SQL."""
