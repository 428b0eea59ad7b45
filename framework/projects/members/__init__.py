"""Who takes part in a project, invitations, and what an owner's projects may store."""
