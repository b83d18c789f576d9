"""Customers: identifiers, cards, groups, merging and search."""
