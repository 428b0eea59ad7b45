"""What stands for a Git LFS object in a history, and where a history has it."""
