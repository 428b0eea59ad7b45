"""Dumps of all tables in the object store: what is not in Git would be lost with the database."""
