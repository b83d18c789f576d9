"""Sending: signed requests to addresses that may be called. No database."""
