"""What those who run a course see of everybody at once."""
