"""Copies of projects, and projects that begin as another one's files."""
