"""The operator's commands: people, projects, storage, backup and recovery."""
