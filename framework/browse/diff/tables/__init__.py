"""Differences of tables, by row, column and cell."""
