"""Database helpers: locks, bulk writes, errors, time limits."""
