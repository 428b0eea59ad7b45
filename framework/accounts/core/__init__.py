"""What an account is and has: addresses, password, sessions, budgets for guesses, and the rules for each."""
