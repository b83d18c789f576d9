"""Loyalty programs with their versions, tiers and members."""
