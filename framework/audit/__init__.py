"""The audit log: who did what to accounts and projects, when and from where; nobody can change it."""
