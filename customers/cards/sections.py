"""Section `card_details` of customer/get (docs/protocol.md 4.5)."""

from typing import Any, Final

import orjson

from customers.cards.payloads import card
from customers.profile.reading import CustomerRow, Reading, Section, Values


def _display(values: Values, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    return {"card_details": [card(row, reading.zone) for row in orjson.loads(values[0])] if values[0] else []}


_CARDS: Final = Section(
    columns=(
        """(
        SELECT json_agg(
            json_build_array(
                card.number, card.external_id, series.id, series.code, series.name, series.type, card.status, card.label,
                card.issued_on, card.expires_on
            )
            ORDER BY card.id
        )::text
        FROM customers_card AS card
        JOIN organizations_cardseries AS series ON series.organization_id = %(organization)s AND series.id = card.series_id
        WHERE card.organization_id = %(organization)s AND card.customer_id = customer.id
    )""",
    ),
    display=_display,
)


def cards(reading: Reading) -> Section | None:
    """`card_details`, if the query asks for it."""
    return _CARDS if reading.wants("card_details") else None
