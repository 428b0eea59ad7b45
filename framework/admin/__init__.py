"""The administrators' pages: people, projects and plans; workers, queues, tasks, storage and previews of mails."""
