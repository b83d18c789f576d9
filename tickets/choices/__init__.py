"""Statuses, priorities and departments of tickets, as each organization has them."""
