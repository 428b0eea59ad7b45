"""Whether this deployment can work: before it starts, while it runs, and when somebody asks."""
