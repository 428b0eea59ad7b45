"""What whoever runs the server asks of it from the command line: storage, backup, recovery."""
