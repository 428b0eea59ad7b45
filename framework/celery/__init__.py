"""Work that happens after the response: the outbox, the workers, the schedule."""
