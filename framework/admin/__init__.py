"""The administrators' pages: workers, queues, tasks, storage and previews of mails."""
