"""Plumbing that knows no app: the wire, database helpers, imports, settings."""
