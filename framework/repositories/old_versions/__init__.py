"""The versions of a file: what they take in the store, and a history without the old ones."""
