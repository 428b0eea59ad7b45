"""The kinds of files that pages show in a form of their own: one register, which docs/browsing.md repeats."""
