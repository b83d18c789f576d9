"""Sections of interactions and of feeds, in customer/interaction and customer/get (docs/protocol.md 4.5, 4.13).

A feed that cannot be read is left out; `feed_notices` warns of it in the items of customers who have an account there.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from customers.sources.values import read_source
from engagement.interactions.payloads import message
from engagement.interactions.rows import ContactRow, Kind
from engagement.interactions.rules import FEEDS, LISTED
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.numbers import plain_digits

# The parts that these sections print, by name: lists of `Kind`, or None for a feed that cannot be read.
INTERACTIONS: Final = "interactions"
FEED: Final = "feed"
# The key of customer/get.
NOTIFICATIONS: Final = "notifications"
MOST_ROWS: Final = 1000
LATEST: Final = 10
UNREAD: Final = {"wechat": Code.WECHAT_NOTIFICATIONS_FAILED, "web_engage": Code.WEB_ENGAGE_NOTIFICATIONS_FAILED}
_COLUMNS: Final = ("id", "occurred_at", "sender", "receiver", "subject", "status", "delivered_at")
_OF_INTERACTIONS: Final = (
    "latitude::text", "longitude::text", "survey_name", "nps_score::text", "sent_by", "response_url", "completed_at",
)  # fmt: skip
_NETWORK: Final = "contact.network = %(contact_network)s"


def interactions(conditions: tuple[str, ...]) -> Section:
    """The interactions that meet the conditions by network and type, as `INTERACTIONS`."""
    return _kinds("engagement_interaction", (*_COLUMNS, *_OF_INTERACTIONS), conditions, INTERACTIONS)


def feeds(conditions: tuple[str, ...]) -> Section:
    """The notifications that meet the conditions by network and type, as `FEED`; None if they cannot be read."""
    return _kinds("engagement_notification", _COLUMNS, conditions, FEED, is_optional=True)


def feed_notices(parts: Mapping[str, Any], networks: Collection[str]) -> list[Notice]:
    """Warnings of a customer whose feed could not be read, for each of the `networks` at which they have an account."""
    if parts.get(FEED, ()) is not None:
        return []
    accounts = {identifier["type"] for identifier in parts["identifiers"]}
    return [Notice(UNREAD[network]) for network in FEEDS if network in networks and network in accounts]


def feed_of_profile(reading: Reading) -> Section | None:
    """`notifications` of customer/get: the latest 10 at the source that the query asks for, if it has a feed."""
    return _OF_PROFILE if asked_feed(reading) else None


def asked_feed(reading: Reading) -> str:
    """The network of the feed that the parameter `source` of customer/get asks for; "" for none."""
    source = read_source(reading.query.get("source", ""))
    return next((network for network, feed in FEEDS.items() if feed == source), "")


def _detail(columns: Sequence[str]) -> str:
    return f"json_build_array({', '.join(f'contact.{column}' for column in columns)})"


@lru_cache(maxsize=256)
def _kinds(
    table: str, columns: tuple[str, ...], conditions: tuple[str, ...], part: str, *, is_optional: bool = False
) -> Section:
    listed = ", ".join(f"'{name}'" for name in sorted(LISTED))
    return Section(
        columns=(f"{part}.kinds",),
        joins=f"""LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(kind.network, kind.type, kind.length, kind.rows)
        ORDER BY kind.network, kind.type)::text AS kinds
    FROM (
        SELECT contact.network, contact.type, count(*) AS length, json_agg({_detail(columns)} ORDER BY contact.position)
            FILTER (WHERE contact.position <= {MOST_ROWS} AND contact.type IN ({listed})) AS rows
        FROM (
            SELECT contact.*, row_number() OVER (
                PARTITION BY contact.network, contact.type ORDER BY contact.occurred_at DESC, contact.id DESC
            ) AS position
            FROM {table} AS contact
            WHERE contact.organization_id = %(organization)s AND contact.customer_id = customer.id
                {"".join(f" AND {condition}" for condition in conditions)}
        ) AS contact
        GROUP BY contact.network, contact.type
    ) AS kind
) AS {part} ON true""",  # noqa: S608 - made of constants
        parameters=lambda reading: reading.options.values,
        display=lambda values, _customer, _reading: {part: None if values is None else _read_kinds(values[0])},
        is_optional=is_optional,
    )


def _read_kinds(kinds: str | None) -> list[Kind]:
    return [
        Kind(network, name, count, [_read(row) for row in rows or ()])
        for network, name, count, rows in (orjson.loads(kinds) if kinds else ())
    ]


def _read(row: Sequence[Any]) -> ContactRow:
    pk, occurred_at, sender, receiver, subject, status, delivered_at, *more = row
    return ContactRow(
        pk=pk,
        occurred_at=datetime.fromisoformat(occurred_at),
        sender=sender,
        receiver=receiver,
        subject=subject,
        status=status,
        delivered_at=_moment(delivered_at),
        **_details(*more) if more else {},
    )


def _details(
    latitude: str | None,
    longitude: str | None,
    survey_name: str,
    nps_score: str | None,
    sent_by: str,
    response_url: str,
    completed_at: str | None,
) -> dict[str, Any]:
    return {
        "latitude": _digits(latitude),
        "longitude": _digits(longitude),
        "survey_name": survey_name,
        "nps_score": nps_score or "",
        "sent_by": sent_by,
        "response_url": response_url,
        "completed_at": _moment(completed_at),
    }


def _digits(number: str | None) -> str:
    return "" if number is None else plain_digits(Decimal(number))


def _moment(moment: str | None) -> datetime | None:
    return datetime.fromisoformat(moment) if moment else None


def _network(reading: Reading) -> Mapping[str, Any]:
    return {"contact_network": asked_feed(reading)}


def _display_profile(values: Values | None, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    if values is None:
        return {FEED: None, NOTIFICATIONS: {"notification": []}}
    rows = orjson.loads(values[0]) if values[0] else []
    return {NOTIFICATIONS: {"notification": [message(_read(row), reading.zone) for row in rows]}}


_OF_PROFILE: Final = Section(
    columns=(
        f"""(
        SELECT json_agg({_detail(_COLUMNS)} ORDER BY contact.occurred_at DESC, contact.id DESC)::text
        FROM (
            SELECT * FROM engagement_notification AS contact
            WHERE contact.organization_id = %(organization)s AND contact.customer_id = customer.id AND {_NETWORK}
            ORDER BY contact.occurred_at DESC, contact.id DESC LIMIT {LATEST}
        ) AS contact
    )""",  # noqa: S608 - made of constants
    ),
    display=_display_profile,
    parameters=_network,
    is_optional=True,
)
