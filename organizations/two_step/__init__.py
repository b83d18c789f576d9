"""Switching two-step log-in on and off: the authenticator apps of staff (docs/back-office.md)."""
