"""Documents of word processors, slides and books: their text and pictures as HTML, read within bounds."""
