"""Courses: a group's assignments, the participants' private copies, and what they handed in."""
