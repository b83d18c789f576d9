"""Use cases that cross apps, one file each. Only interfaces import them."""
