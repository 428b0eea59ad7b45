"""`make bench`: what operations cost, as a table on the terminal and as `var/bench.json`."""
