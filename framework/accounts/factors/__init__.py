"""Second factors and passkeys: set up, shown, used up and removed."""
