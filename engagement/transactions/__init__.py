"""Recorded bills as tills and staff read them."""
