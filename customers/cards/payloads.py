"""Printed cards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from loyalty_project.protocol.moments import write_moment


def card(row: Sequence[Any], zone: ZoneInfo) -> dict[str, str]:
    """One card of `card_details` (docs/protocol.md 4.5). `row` has number, external id, the series' id, code, name and type,
    status, label, and the moment of issue and the last day as ISO text or None.
    """
    number, external_id, series_id, series_code, series_name, series_type, status, label, issued_on, expires_on = row
    return {
        "card_number": number,
        "card_external_id": external_id,
        "series_id": str(series_id),
        "series_code": series_code,
        "series_name": series_name,
        "type": series_type,
        "status": status,
        "label": label,
        "issued_date": write_moment(datetime.fromisoformat(issued_on), zone) if issued_on else "",
        "expiry_date": expires_on or "",
    }
