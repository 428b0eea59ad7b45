"""Clones and fetches: by git from the local copy, or streamed from the store."""
