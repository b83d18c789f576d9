"""Codes by which customers refer others: one for each customer and campaign."""
