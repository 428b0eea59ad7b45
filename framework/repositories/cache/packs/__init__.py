"""The packs of a local copy, as pages read them."""
