"""Indexed answers to searchable fields."""
