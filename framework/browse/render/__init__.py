"""How a file is shown: as a document, table, notebook, image, listing or coloured text."""
