"""How a deployment's variables are read: their forms, and what production refuses; the values come from config.py."""
