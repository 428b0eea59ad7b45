"""The core: packs are immutable objects in the store, refs are rows in SQL, local copies are a cache."""
