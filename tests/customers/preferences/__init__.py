"""Preferences of customers."""
