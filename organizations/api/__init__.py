"""Calls of tills and API clients: authentication, throttling, attribution, and the base of their views."""
