"""What a project is and who may see it: access, addresses, lists, validation."""
