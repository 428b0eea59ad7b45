"""What administrators of the server do, by the API."""
