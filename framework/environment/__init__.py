"""How environment variables are read: their formats, and what production refuses."""
