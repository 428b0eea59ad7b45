"""Local copies: fetched from the store, leased to readers, repaired and evicted."""
