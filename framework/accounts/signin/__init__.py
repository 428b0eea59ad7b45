"""Who acts: sign-in by browser or token, and asking again for the password."""
