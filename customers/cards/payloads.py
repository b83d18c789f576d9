"""Printed cards."""

from zoneinfo import ZoneInfo

from customers.cards.models import Card
from loyalty_project.protocol.moments import write_moment


def card(row: Card, zone: ZoneInfo) -> dict[str, str]:
    """One card of `card_details` (docs/protocol.md 4.5)."""
    return {
        "card_number": row.number,
        "card_external_id": row.external_id,
        "series_id": str(row.series_id),
        "series_code": row.series.code,
        "series_name": row.series.name,
        "type": row.series.type,
        "status": row.status,
        "label": row.label,
        "issued_date": write_moment(row.issued_on, zone) if row.issued_on else "",
        "expiry_date": row.expires_on.isoformat() if row.expires_on else "",
    }
