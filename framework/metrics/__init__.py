"""What this deployment counts of itself; any room may count, and `/metrics` tells."""
