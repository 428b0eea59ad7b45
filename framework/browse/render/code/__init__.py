"""Source text in colours: which language it is in, and what its words are."""
