"""What can be done with customers? One module a noun."""
