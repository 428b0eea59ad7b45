"""Bundles, and clones of cold projects streamed from the store."""
