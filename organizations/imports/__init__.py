"""Runs of imports, and the base of every import command."""
