"""Webhook events of customers (docs/webhooks.md): their kinds, and the facts of each.

A caller hands over the ids of customers that it has written. Their facts are read in one statement, and only if an endpoint of
the organization listens.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

from loyalty_project import clock
from organizations.audit.services import Change
from organizations.tenancy.models import Organization
from organizations.tenancy.statements import fetch_rows
from webhooks.announcing import Announcement, announce
from webhooks.events.kinds import EventKind
from webhooks.events.payloads import write_utc

REGISTERED: Final = EventKind(name="customer.registered", meaning="a customer was registered")
UPDATED: Final = EventKind(name="customer.updated", meaning="data of a customer changed")
MERGED: Final = EventKind(name="customer.merged", meaning="a customer was merged into another one")
MERGE_UNDONE: Final = EventKind(name="customer.merge_undone", meaning="a merge was undone")
ERASED: Final = EventKind(name="customer.erased", meaning="the personal data of a customer was erased")
# Announced by the outbox, to the gateway that sends for the organization.
MESSAGE: Final = EventKind(
    name="message.requested", meaning="a message to a customer is to be sent by your gateway: a validation code"
)
EVENTS: Final = (REGISTERED, UPDATED, MERGED, MERGE_UNDONE, ERASED, MESSAGE)

_PROFILES: Final = """
SELECT customer.id, customer.firstname, customer.lastname, customer.type, customer.source, customer.registered_on, store.code, (
    SELECT jsonb_object_agg(identifier.kind, identifier.value) FROM customers_identifier AS identifier
    WHERE identifier.organization_id = %(organization)s AND identifier.customer_id = customer.id
        AND identifier.state = 'CURRENT'
)
FROM customers_customer AS customer
LEFT JOIN organizations_store AS store ON store.id = customer.registered_store_id
WHERE customer.organization_id = %(organization)s AND customer.id = ANY(%(ids)s::bigint[])
"""
_KINDS: Final = ("mobile", "email", "external_id")
Facts = Mapping[int, Mapping[str, Any]]


def announce_customers(kind: EventKind, facts: Facts, *, organization: Organization) -> None:
    """Announce an event of each customer (id) that happens now, with these facts beside the profile.

    Three statements for any number of customers, none for none or if no endpoint listens. Call it in the transaction of the
    change, after it.
    """
    if not facts or kind.name not in organization.announced_events:
        return
    now = clock.now()
    profiles = _profiles_of(list(facts))
    announce(
        [
            Announcement(kind=kind, customer_id=pk, occurred_at=now, facts={"customer": profiles[pk], **more})
            for pk, more in facts.items()
        ]
    )


def announce_erased(customers: Sequence[int], *, certificate: int, organization: Organization) -> None:
    """Announce that these customers (ids) were erased now, without a profile. Statements as `announce`."""
    if ERASED.name in organization.announced_events:
        now, facts = clock.now(), {"certificate": certificate}
        announce([Announcement(kind=ERASED, customer_id=pk, occurred_at=now, facts=facts) for pk in customers])


def announce_changes(changes: Iterable[Change], *, organization: Organization) -> None:
    """Announce changes of the data of known customers, as they are recorded. Statements as `announce_customers`."""
    names: defaultdict[int, set[str]] = defaultdict(set)
    for change in changes:
        names[change.object_id].update(change.old, change.new)
    facts = {pk: {"changed": sorted(changed)} for pk, changed in names.items()}
    announce_customers(UPDATED, facts, organization=organization)


def _profiles_of(ids: list[int]) -> dict[int, dict[str, Any]]:
    profiles: dict[int, dict[str, Any]] = {}
    rows = fetch_rows(_PROFILES, {"ids": ids})
    for pk, firstname, lastname, customer_type, source, registered_on, store, identifiers in rows:
        current: dict[str, str] = orjson.loads(identifiers) if identifiers else {}
        profiles[pk] = {
            "firstname": firstname,
            "lastname": lastname,
            **{kind: current.get(kind) for kind in _KINDS},
            "type": customer_type,
            "source": source,
            "registered_on": write_utc(registered_on),
            "registered_store": store,
        }
    return profiles
