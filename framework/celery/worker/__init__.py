"""The worker process: how it consumes messages, runs tasks, reports that it is up, and logs."""
