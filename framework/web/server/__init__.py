"""The web server's worker: slow clients wait in its loop, and each kind of request has a share of threads."""
