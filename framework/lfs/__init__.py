"""Git LFS: large files beside the packs, and the pointers that stand for them in Git."""
