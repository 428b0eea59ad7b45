"""What this deployment counts and logs of itself; any room may count, and `/metrics` tells."""
