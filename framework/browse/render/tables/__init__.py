"""Tables in text files: how they are separated, what their values are, and a page of their rows."""
