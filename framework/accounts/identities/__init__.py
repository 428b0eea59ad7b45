"""Accounts elsewhere that people sign in with: OpenID Connect, and GitHub."""
