"""Deliveries: each event on its way to each endpoint, with every attempt."""
