"""How a change becomes a version: staging, quarantine, packs, the commit point."""
