"""People: their accounts, addresses and credentials, and who is signed in."""
