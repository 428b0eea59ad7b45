"""Imports and exports of whole projects, by tasks whose progress people can follow."""
