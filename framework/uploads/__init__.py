"""Files in, by form and by resumable upload: received, checked, and committed at once."""
