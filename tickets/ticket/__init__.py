"""Tickets of customers with their comments: on the wire, from files and in the back office."""
