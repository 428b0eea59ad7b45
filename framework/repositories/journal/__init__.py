"""The journal: one entry per version in the store, written, read back, and compared with SQL."""
