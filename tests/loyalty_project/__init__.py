"""Tests of the plumbing that knows no app."""
