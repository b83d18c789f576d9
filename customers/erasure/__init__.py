"""Erasure of a person's data, and its certificate."""
