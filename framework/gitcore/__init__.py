"""Git's formats and the git executable; nothing here reads SQL or the object store."""
