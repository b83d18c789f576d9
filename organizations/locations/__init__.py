"""Zones, concepts, stores and tills."""
