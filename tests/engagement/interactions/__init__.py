"""Interactions with customers."""
