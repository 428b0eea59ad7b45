"""Work that happens after the answer: the Celery application, the outbox, the schedule."""
