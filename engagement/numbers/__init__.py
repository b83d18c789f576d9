"""Decimals, money, rounding and days."""
