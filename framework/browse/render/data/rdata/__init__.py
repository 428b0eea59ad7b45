"""A reader of what R saves with `saveRDS` and `save` ("Serialization Formats", R Internals): names, sizes, tables."""
