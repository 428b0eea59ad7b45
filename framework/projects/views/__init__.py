"""The pages of projects: lists, settings, the inbox, jobs and tokens."""
