"""What a project's history says: commits, blame, last changes, refs, citations, search."""
