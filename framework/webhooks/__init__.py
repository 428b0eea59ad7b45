"""Webhooks: what happens in projects is sent to addresses that their maintainers set."""
