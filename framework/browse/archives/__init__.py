"""A version as one download: exactly the bytes that are stored, Git LFS objects among them."""
