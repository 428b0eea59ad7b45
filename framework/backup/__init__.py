"""Dumps of all tables in the object store: what is not Git dies with the database otherwise."""
