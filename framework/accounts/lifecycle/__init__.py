"""What happens to an account: sign-up, confirmation, changes, suspension, recovery."""
