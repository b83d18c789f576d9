"""Requests to change an identifier or to merge customers."""
