"""Coupon series; so far their section of the organization file alone."""
