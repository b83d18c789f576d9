"""Merging two customers, and undoing it."""
