"""The tus server: resumable uploads whose parts are objects in the store."""
