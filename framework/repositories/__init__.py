"""The heart: repositories whose packs are immutable objects in the store and whose refs are rows in SQL."""
