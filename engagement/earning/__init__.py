"""Points that bills and joining earn."""
