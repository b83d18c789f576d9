"""Loyalty cards."""
