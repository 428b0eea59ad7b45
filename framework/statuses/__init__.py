"""Commit statuses: what programs say about commits, such as whether their tests passed."""
