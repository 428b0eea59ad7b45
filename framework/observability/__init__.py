"""What a process counts and logs; any room may count, and `/metrics` serves the numbers."""
