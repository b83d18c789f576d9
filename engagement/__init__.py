"""Programs, bills, points and redemptions."""
