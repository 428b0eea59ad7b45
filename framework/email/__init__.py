"""Mail: messages are composed here, wait in the outbox, and leave by SMTP or into a folder."""
