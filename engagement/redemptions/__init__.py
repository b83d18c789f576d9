"""Redeeming points and reversing redemptions."""
