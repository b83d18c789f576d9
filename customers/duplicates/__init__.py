"""Customers who are likely to be the same person."""
