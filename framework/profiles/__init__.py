"""What people and groups show of themselves: pages, texts, pictures."""
