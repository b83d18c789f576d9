"""Tests of the back office of customers, one file a noun."""
