"""The upkeep of what is stored: consolidation, collection, scrubbing, archiving, verification."""
