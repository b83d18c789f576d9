"""Accounts of the organization at other sources."""
