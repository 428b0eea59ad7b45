"""Changes made in the browser without an upload: edit, create, move, delete, restore."""
