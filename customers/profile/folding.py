"""Folded columns of a customer, by which they are searched."""

from typing import Final

from customers.profile.field_values import folded_values
from customers.profile.models import Customer
from customers.profile.text import name_form

# Columns with a folded column beside them.
SEARCHED_COLUMNS: Final = frozenset({"firstname", "lastname", "field_values"})
FOLDED_COLUMNS: Final = tuple(sorted(f"{name}_folded" for name in SEARCHED_COLUMNS))


def fold_columns(customer: Customer) -> None:
    """Set the customer's folded columns by the present names and answers. The customer is not saved."""
    customer.firstname_folded, customer.lastname_folded = name_form(customer.firstname), name_form(customer.lastname)
    customer.field_values_folded = folded_values(customer.field_values)
