"""The journal: one entry per version in the store, and checkpoints; written, read back, and compared with SQL."""
