"""Bills, their lines and returns."""
