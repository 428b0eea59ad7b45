"""Files of measurements: databases, arrays, maps, and what programs for statistics write."""
