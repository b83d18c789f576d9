"""Section `identifiers` of customer/get (docs/protocol.md 4.5)."""

from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from customers.sources.values import PROFILE_MISSING, read_source
from loyalty_project.protocol.errors import Notice


def _display(values: Values, customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    """Identifiers, and accounts at other sources. Warning 91016 or 91017 without a profile at the source asked for."""
    listed: list[dict[str, str]] = []
    payload: dict[str, Any] = {"identifiers": listed}
    sources = set()
    for is_profile, kind, value in orjson.loads(values[0]) if values[0] else ():
        listed.append({"type": kind.lower(), "value": value})
        if is_profile:
            sources.add(kind)
        else:
            payload[kind] = value
    asked = reading.query.get("source", "")
    missing = PROFILE_MISSING.get(read_source(asked) or "") if asked else None
    if missing is not None and read_source(asked) not in sources:
        reading.own_notices[customer.pk].append(Notice(missing))
    return payload


_IDENTIFIERS: Final = Section(
    columns=("identifiers.rows",),
    joins="""LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(is_profile, kind, value) ORDER BY is_profile, id)::text AS rows FROM (
        SELECT 0 AS is_profile, id, kind, value FROM customers_identifier
        WHERE organization_id = %(organization)s AND customer_id = customer.id AND state = 'CURRENT'
        UNION ALL
        SELECT 1, id, source, account FROM customers_sourceprofile
        WHERE organization_id = %(organization)s AND customer_id = customer.id
    ) AS known
) AS identifiers ON true""",
    display=_display,
)


def identifiers(_reading: Reading) -> Section:
    """Identifiers and accounts at other sources: part of every answer."""
    return _IDENTIFIERS
