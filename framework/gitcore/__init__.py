"""Git's formats and the git executable; nothing here knows SQL or the object store."""
