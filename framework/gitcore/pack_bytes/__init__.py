"""The bytes of a pack: deflated, or stored as they are, and hashed."""
