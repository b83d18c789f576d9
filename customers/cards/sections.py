"""Section `card_details` of customer/get (docs/protocol.md 4.5)."""

from collections import defaultdict
from collections.abc import Sequence

from customers.cards.models import Card
from customers.cards.payloads import card
from customers.profile.reading import Payloads, Reading


def cards(ids: Sequence[int], reading: Reading) -> Payloads:
    """`card_details`, when asked for: one query."""
    if not reading.wants("card_details"):
        return {}
    found: dict[int, list[dict[str, str]]] = defaultdict(list)
    for row in Card.objects.filter(customer_id__in=ids).select_related("series").order_by("pk"):
        if row.customer_id is not None:
            found[row.customer_id].append(card(row, reading.organization.zone))
    return {one: {"card_details": found[one]} for one in ids}
