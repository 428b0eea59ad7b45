"""Pushes and imports: received, checked in quarantine, stored, and committed as one version."""
