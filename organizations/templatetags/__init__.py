"""Filters for the templates of the back office."""
