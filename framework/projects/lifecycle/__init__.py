"""What happens to a project as a whole: creation, trash, deletion, purge, archiving, adoption."""
