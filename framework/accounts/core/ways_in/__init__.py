"""How an account can be entered: which ways it has, what seals their secrets, and how they end."""
