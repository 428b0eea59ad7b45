"""Projects: what people own, who may see and change it, and who is told about changes."""
