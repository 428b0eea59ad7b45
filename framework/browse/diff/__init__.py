"""What differs between two versions: by line, and by cell for tables and notebooks."""
