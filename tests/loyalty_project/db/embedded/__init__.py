"""Tests of the embedded PostgreSQL, on servers of their own."""
