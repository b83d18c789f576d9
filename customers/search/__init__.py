"""Searches for customers: the query language, attributes, and the search boxes of staff (docs/protocol.md 4.4)."""
