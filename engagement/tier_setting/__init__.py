"""Tiers that are set by files, whatever the rules of the program say."""
