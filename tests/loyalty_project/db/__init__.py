"""Tests of the database engine and of locking."""
