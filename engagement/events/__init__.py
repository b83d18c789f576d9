"""Loyalty events that a worker handles later."""
