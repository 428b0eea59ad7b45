"""What happens to a project as a whole: creation, trash, deletion, purge, old versions, archiving, adoption."""
