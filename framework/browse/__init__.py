"""Looking at a project: folders, files, history, downloads."""
