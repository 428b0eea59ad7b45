"""Mail: messages are made here, wait in the outbox, and leave by SMTP or into a folder."""
