"""Pages that were rendered before: recorded with gaps for what differs, kept on the disk, filled in."""
