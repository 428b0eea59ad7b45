"""Lists of references: BibTeX and RIS files as entries that people can read."""
