"""The table of recommended products, on a customer's page."""

from typing import Final

from customers.lookup.statement import find_customers
from customers.profile.models import Customer
from customers.profile.reading import Reading, merged
from engagement.numbers.display import format_money
from engagement.recommendations.payloads import explain
from engagement.recommendations.rows import Product, RecommendationQuery
from engagement.recommendations.sections import PRODUCTS, RECOMMENDATIONS
from organizations.back_office.tables import Table, number, table, with_note
from organizations.configuration import current_configuration
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization

SHOWN: Final = 5


def recommendations_panel(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Table | None:  # noqa: ARG001 - signature of all panels
    """The first products that tills would read; None without any or without permission. One query."""
    if not seen_by.has_perm("engagement.view_recommendation"):
        return None
    reading = Reading(configuration=current_configuration(), query={}, options=RecommendationQuery(SHOWN, SHOWN))
    key = str(customer.pk)
    found = find_customers("id", [key], reading.policy, sections=(RECOMMENDATIONS,), reading=reading)
    products: list[Product] = merged(found[key].parts)[PRODUCTS] if key in found else []
    rows = [
        (
            with_note(product.description or product.item_sku, product.item_sku),
            None if product.price is None else format_money(product.price),
            explain(product) or "imported",
        )
        for product in products
    ]
    return table("Recommendations", ("Item", number("Price"), "Why"), rows) if rows else None
