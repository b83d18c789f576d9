"""Tiers of members: how they rise, keep a tier and lose it."""
