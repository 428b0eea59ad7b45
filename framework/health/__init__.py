"""Whether a deployment works: checked before it starts, while it runs, and on demand."""
