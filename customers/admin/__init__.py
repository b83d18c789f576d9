"""The rooms of the back office for customers: one file a noun. Importing them puts them on the site."""

from customers.admin import card, customer, customer_status, duplicate_candidate, identity_request, merge, segment, user_group

__all__ = [
    "card",
    "customer",
    "customer_status",
    "duplicate_candidate",
    "identity_request",
    "merge",
    "segment",
    "user_group",
]
