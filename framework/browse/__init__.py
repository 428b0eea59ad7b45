"""A project's pages: folders, files, history, comparisons, search, downloads."""
