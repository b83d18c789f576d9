"""Programs, tiers and points."""
