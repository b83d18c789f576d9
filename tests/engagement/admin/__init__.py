"""Tests of the back office of engagement, one file a noun."""
