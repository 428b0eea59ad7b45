"""How a project wants to be cited: what its CITATION.cff says, in the forms of bibliographies."""
