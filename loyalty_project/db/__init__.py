"""What we add to the database layer."""
