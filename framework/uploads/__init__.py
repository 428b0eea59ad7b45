"""Uploads from the browser: files are received as a stream, checked, and become one commit."""
