"""Git over HTTP: the smart protocol, by the git executable on the local copy."""
