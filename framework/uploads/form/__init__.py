"""A multipart form as it arrives: its parts, and the files among them."""
