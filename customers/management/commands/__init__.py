"""Commands of the customers app."""
