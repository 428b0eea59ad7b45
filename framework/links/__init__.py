"""Links for people without an account: to hand in, and to look."""
