"""Tests of the back office of organizations, one file a noun."""
