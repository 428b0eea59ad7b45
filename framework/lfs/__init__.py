"""Git LFS: large files next to the packs, and the pointers that stand for them in Git."""
