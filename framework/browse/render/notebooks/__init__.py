"""Jupyter notebooks: read leniently, shown without running anything, and written as scripts."""
