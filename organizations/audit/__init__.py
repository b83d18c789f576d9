"""The append-only record of changes, and the actors who make them."""
