"""Events of referees: the registration and the first bill, each recorded once (docs/protocol.md 4.11)."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import BigIntegerField, Max

from engagement.bills.models import Bill
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_with_ids
from organizations.audit.actors import Actor
from referrals.links.models import RefereeEvent, ReferralLink

Kind: Final = RefereeEvent.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """What a referee did, at `at`; `bill` is the first bill of a TRANSACTION."""

    link: ReferralLink
    kind: RefereeEvent.Kind
    at: datetime
    bill: Bill | None = None


def record_events(occurrences: Sequence[Occurrence], *, by: Actor) -> list[RefereeEvent]:
    """Record what happened for the first time, numbered by code and kind; the new events in their order. Three statements.

    Call it in a transaction that holds the locks of referees and referrers; `referee_event_once` and
    `referee_event_nth_unique` are underneath.
    """
    if not occurrences:
        return []
    links = {occurrence.link.pk for occurrence in occurrences}
    recorded = RefereeEvent.objects.filter(is_any_of("link_id", links, BigIntegerField())).order_by()
    known: set[tuple[int, str]] = set(recorded.values_list("link_id", "kind"))
    last = _last_numbers({occurrence.link.code_id for occurrence in occurrences})
    events: list[RefereeEvent] = []
    for occurrence in occurrences:
        link, kind = occurrence.link, occurrence.kind
        if (link.pk, kind) in known:
            continue
        known.add((link.pk, kind))
        last[link.code_id, kind] += 1
        store = occurrence.bill.store_id if occurrence.bill else link.store_id
        event = RefereeEvent(
            organization=by.organization,
            link=link,
            code_id=link.code_id,
            kind=kind,
            nth=last[link.code_id, kind],
            at=occurrence.at,
            bill=occurrence.bill,
            store_id=store,
        )
        events.append(event)
    insert_with_ids(events)
    return events


def events_of_bills(bills: Collection[int]) -> list[RefereeEvent]:
    """The events whose first bill is one of these (ids), with their links: one query, none without bills."""
    if not bills:
        return []
    rows = RefereeEvent.objects.filter(is_any_of("bill_id", bills, BigIntegerField()))
    return list(rows.select_related("link__version", "bill").order_by("pk"))


def _last_numbers(codes: Collection[int]) -> Counter[tuple[int, str]]:
    rows = RefereeEvent.objects.filter(is_any_of("code_id", codes, BigIntegerField())).order_by()
    last: Counter[tuple[int, str]] = Counter()
    for code, kind, nth in rows.values_list("code_id", "kind").annotate(last=Max("nth")):
        last[code, kind] = nth
    return last
