"""The object store, S3 or a folder: one contract, and the lease that every write needs."""
