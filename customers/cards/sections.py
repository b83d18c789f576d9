"""Section `card_details` of customer/get (docs/protocol.md 4.5)."""

from collections import defaultdict
from collections.abc import Sequence

from customers.cards.models import Card
from customers.cards.payloads import card
from customers.profile.reading import Payloads, Reading


def cards(ids: Sequence[int], reading: Reading) -> Payloads:
    """`card_details`, if the query asks for it: one query."""
    if not reading.wants("card_details"):
        return {}
    by_customer: dict[int, list[dict[str, str]]] = defaultdict(list)
    for row in Card.objects.filter(customer_id__in=ids).select_related("series").order_by("pk"):
        if row.customer_id is not None:
            by_customer[row.customer_id].append(card(row, reading.organization.zone))
    return {customer_id: {"card_details": by_customer[customer_id]} for customer_id in ids}
