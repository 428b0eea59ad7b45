"""The pages of accounts and their forms."""
