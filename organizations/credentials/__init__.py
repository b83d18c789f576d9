"""Secrets of tills and API clients: hashing, verification, tokens, throttling, rate limits."""
