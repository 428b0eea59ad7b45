"""What SQL says of a repository, read as frozen values."""
