"""What bills and joining earn."""
