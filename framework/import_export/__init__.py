"""Whole projects come in from elsewhere and go out: imports and exports, as tasks that people watch."""
