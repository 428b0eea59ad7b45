"""Holdfast: projects kept in Git, with packs in an object store and refs in SQL."""

__version__ = "0.2.0"
"""What `docs/upgrading.md` tells of, `/healthz` and `flask doctor` show, and the tag of a release is named after."""
