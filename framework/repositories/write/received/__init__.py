"""A pack as it arrives, read in this process beside the git that checks it."""
