"""Git's deltas of large files, made and applied in bounded memory (format: gitformat-pack(5))."""
