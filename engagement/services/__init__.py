"""What can be done with programs and memberships."""
