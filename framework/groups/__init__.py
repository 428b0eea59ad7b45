"""Groups: labs, courses and teams that own projects together."""
