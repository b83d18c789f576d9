"""Section `identifiers` of customer/get (docs/protocol.md 4.5)."""

from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from customers.sources.values import PROFILE_MISSING, read_source
from loyalty_project.protocol.errors import Notice


def _display(values: Values, customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    """Identifiers, and accounts at other sources. Warning 91016 or 91017 without a profile at the source asked for."""
    identifiers, profiles = (orjson.loads(rows) if rows else [] for rows in values)
    payload: dict[str, Any] = dict(identifiers)
    payload["identifiers"] = [{"type": kind.lower(), "value": value} for kind, value in (*identifiers, *profiles)]
    sources = {source for source, _ in profiles}
    asked = reading.query.get("source", "")
    missing = PROFILE_MISSING.get(read_source(asked) or "") if asked else None
    if missing is not None and read_source(asked) not in sources:
        reading.own_notices[customer.pk].append(Notice(missing))
    return payload


_IDENTIFIERS: Final = Section(
    columns=(
        """(
        SELECT json_agg(json_build_array(identifier.kind, identifier.value) ORDER BY identifier.id)::text
        FROM customers_identifier AS identifier
        WHERE identifier.organization_id = %(organization)s AND identifier.customer_id = customer.id
            AND identifier.state = 'CURRENT'
    )""",
        """(
        SELECT json_agg(json_build_array(profile.source, profile.account) ORDER BY profile.id)::text
        FROM customers_sourceprofile AS profile
        WHERE profile.organization_id = %(organization)s AND profile.customer_id = customer.id
    )""",
    ),
    display=_display,
)


def identifiers(_reading: Reading) -> Section:
    """Identifiers and accounts at other sources: part of every answer."""
    return _IDENTIFIERS
