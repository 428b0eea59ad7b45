"""The weekly rehearsal: everything is rebuilt from the store into a scratch database and compared."""
