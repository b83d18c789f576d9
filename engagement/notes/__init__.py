"""Notes about customers."""
