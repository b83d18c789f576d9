"""Calls with an `Idempotency-Key`, and the answers kept for them."""
