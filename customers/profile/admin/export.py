"""The columns of an exported list of customers."""

from collections.abc import Callable
from typing import Any

from customers.identifiers.models import Identifier
from organizations.back_office.list_export import ExportColumn, ListResource
from use_cases.customer_list import BILLS_PERMISSION, POINTS_PERMISSION


def _identifier(kind: str) -> Callable[[Any], str]:
    """The stored value: a mobile number is its digits with country code, which imports read."""

    def read(customer: Any) -> str:
        return next((identifier.value for identifier in customer.identifiers.all() if identifier.kind == kind), "")

    return read


class CustomerResource(ListResource):
    """Customers: those columns that the list shows the current user."""

    customer_id = ExportColumn("Customer id", "pk")
    firstname = ExportColumn("First name", "firstname")
    lastname = ExportColumn("Last name", "lastname")
    mobile = ExportColumn("Mobile", _identifier(Identifier.Kind.MOBILE))
    email = ExportColumn("E-mail", _identifier(Identifier.Kind.EMAIL))
    external_id = ExportColumn("External id", _identifier(Identifier.Kind.EXTERNAL_ID))
    type = ExportColumn("Type", lambda customer: customer.get_type_display())
    points = ExportColumn("Points", "listed_loyalty__points", permission=POINTS_PERMISSION)
    tier = ExportColumn("Tier", "listed_loyalty__tier", permission=POINTS_PERMISSION)
    last_visit = ExportColumn("Last visit", "listed_loyalty__last_billed_at", permission=BILLS_PERMISSION)
    registered_on = ExportColumn("Joined", "registered_on")
    store = ExportColumn("Store", "registered_store__code")
