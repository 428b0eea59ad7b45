"""What an opened copy says: refs, folders and commits of a version."""
