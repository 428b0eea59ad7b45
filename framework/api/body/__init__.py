"""Request bodies of any size, received and parsed in constant memory."""
