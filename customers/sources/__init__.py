"""Accounts of customers at other sources."""
