"""Attacks by addresses and forms, over every page and list of the back office. `make prove` runs them in full."""
