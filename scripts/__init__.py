"""Scripts that set up and check the project; the Makefile runs them."""
