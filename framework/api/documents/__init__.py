"""What the API returns: each model is a JSON document and its schema."""
