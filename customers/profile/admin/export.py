"""The columns of an exported list of customers."""

from collections.abc import Callable
from typing import Any

from customers.identifiers.models import Identifier
from organizations.back_office.list_export import ExportColumn, ListResource
from organizations.staff.sight import sees_person, shown_name
from use_cases.customer_list import BILLS_PERMISSION, POINTS_PERMISSION


def _identifier(kind: str) -> Callable[[Any], str]:
    """The stored value: a mobile number is its digits with country code, which imports read. Masked for who may not see it."""

    def read(customer: Any) -> str:
        current = next((identifier for identifier in customer.identifiers.all() if identifier.kind == kind), None)
        if current is None:
            return ""
        return str(current.value) if sees_person(customer.pk) else str(current)

    return read


class CustomerResource(ListResource):
    """Customers: those columns that the list shows the current user."""

    customer_id = ExportColumn("Customer id", "pk")
    firstname = ExportColumn("First name", lambda customer: shown_name(customer.firstname, "", customer_id=customer.pk))
    lastname = ExportColumn("Last name", lambda customer: shown_name("", customer.lastname, customer_id=customer.pk))
    mobile = ExportColumn("Mobile", _identifier(Identifier.Kind.MOBILE))
    email = ExportColumn("E-mail", _identifier(Identifier.Kind.EMAIL))
    external_id = ExportColumn("External id", _identifier(Identifier.Kind.EXTERNAL_ID))
    type = ExportColumn("Type", lambda customer: customer.get_type_display())
    points = ExportColumn("Points", "listed_loyalty__points", permission=POINTS_PERMISSION)
    tier = ExportColumn("Tier", "listed_loyalty__tier", permission=POINTS_PERMISSION)
    last_visit = ExportColumn("Last visit", "listed_loyalty__last_billed_at", permission=BILLS_PERMISSION)
    registered_on = ExportColumn("Joined", "registered_on")
    store = ExportColumn("Store", "registered_store__code")
