"""Values that programs track over time."""
