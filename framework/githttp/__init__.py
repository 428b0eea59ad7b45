"""Git over HTTP: fetches from the local copy, pushes through quarantine, and the Git LFS API."""
