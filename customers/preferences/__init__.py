"""Preferences of customers: fields of a category of their own, and the preferred store."""
