"""What can be done with an organization? One module a noun."""
