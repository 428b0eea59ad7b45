"""A drop-off: what may be handed in now, a hand-in as a version, its receipt, and the mail to the owner."""
