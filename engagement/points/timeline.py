"""Points and bills of a customer as rows of the timeline on the customer's page."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from django.db.models import BigIntegerField, Q
from django.utils.translation import gettext

from customers.profile.models import Customer
from engagement.bills.models import Bill
from engagement.numbers.display import format_change, format_money, format_points
from engagement.points.explanations import explain
from engagement.points.models import ZERO, PointsEntry
from engagement.points.steps import name_of_entry, steps_of_entry
from loyalty_project.db.lookups import is_any_of
from organizations.back_office.history import actor_label
from organizations.back_office.pages import page_of
from organizations.back_office.timeline import TimelineRow, TimelineSlice
from organizations.staff.sight import shown_value

Kind = PointsEntry.Kind
_MERGES: Final = (Kind.MERGE_IN, Kind.MERGE_OUT)
# Entries that the row of their bill shows.
_OF_BILLS: Final = (Kind.AWARD, Kind.PROMISE, Kind.RETURN)
_PLAIN: Final = (Bill.Type.REGULAR, Bill.Type.RETURN)
_ICONS: Final[Mapping[str, str]] = {
    Kind.AWARD: "add_circle",
    Kind.PROMISE: "schedule",
    Kind.RELEASE: "lock_open",
    Kind.REDEEM: "redeem",
    Kind.REVERSAL: "undo",
    Kind.RETURN: "assignment_return",
    Kind.EXPIRE: "event_busy",
    Kind.ADJUST: "volunteer_activism",
    Kind.MERGE_OUT: "merge",
    Kind.MERGE_IN: "merge",
}


def points_timeline(customer: Customer, part: TimelineSlice) -> list[TimelineRow]:
    """Every ledger entry; those of one merge are one row. One query, and more only for merges of very many lots."""
    entries: list[PointsEntry] = []
    following = part
    while True:
        read = following.newest(_entries_of(customer), "occurred_at")
        entries += read
        groups = [list(group) for _, group in groupby(entries, _group_of)]
        if len(read) < part.limit or len(groups) >= part.limit:
            return [_row(group, part) for group in groups]
        following = replace(part, before=part.key(read[-1].occurred_at, read[-1].pk))


def points_beside_bills(customer: Customer, part: TimelineSlice) -> list[TimelineRow]:
    """The ledger entries that neither the row of a bill nor that of a merge shows. One query."""
    entries = _entries_of(customer).exclude(kind__in=_MERGES).exclude(bill__isnull=False, kind__in=_OF_BILLS)
    return [_entry_row(entry, part) for entry in part.newest(entries, "occurred_at")]


def bills_timeline(customer: Customer, part: TimelineSlice) -> list[TimelineRow]:
    """Sales and returns with the points that they moved. Two queries."""
    bills = part.newest(Bill.objects.filter(customer=customer).select_related("store", "till"), "billed_at")
    entries: defaultdict[int | None, list[PointsEntry]] = defaultdict(list)
    of_bills = Q(is_any_of("bill_id", [bill.pk for bill in bills], BigIntegerField()))
    for entry in _entries_of(customer).filter(of_bills, kind__in=_OF_BILLS).order_by("account_id", "version"):
        entries[entry.bill_id].append(entry)
    return [_bill_row(bill, entries[bill.pk], part) for bill in bills]


def _entries_of(customer: Customer) -> Any:
    entries = PointsEntry.objects.filter(account__customer=customer)
    return entries.select_related("account__program", "program_version__program", "bill", "store", "till")


def _group_of(entry: PointsEntry) -> tuple[Any, ...]:
    """The merge that made the entry; an entry of anything else is its own group."""
    return ("merge", entry.occurred_at) if entry.kind in _MERGES else ("entry", entry.pk)


def _row(entries: Sequence[PointsEntry], part: TimelineSlice) -> TimelineRow:
    return _merge_row(entries, part) if entries[0].kind in _MERGES else _entry_row(entries[0], part)


def _merge_row(entries: Sequence[PointsEntry], part: TimelineSlice) -> TimelineRow:
    """The row of all entries of a merge, the newest first: what it did to the accounts that are in use."""
    live = [entry for entry in entries if entry.account.moved_to_id is None] or entries
    points = sum((entry.points for entry in live), ZERO)
    return TimelineRow(
        key=part.key(live[0].occurred_at, entries[-1].pk),
        icon=_ICONS[Kind.MERGE_IN],
        title=gettext("Merge"),
        note=gettext("points of another customer came") if points >= 0 else gettext("points went to another customer"),
        points=format_change(points),
        balance=format_points(live[0].balance_after),
        facts=[*((_effect(entry), explain(entry)) for entry in live), *_context(live[0])],
        link=page_of(live[0]),
    )


def _entry_row(entry: PointsEntry, part: TimelineSlice) -> TimelineRow:
    return TimelineRow(
        key=part.key(entry.occurred_at, entry.pk),
        icon=_ICONS[entry.kind],
        title=name_of_entry(entry),
        note=_note_of(entry, part.currency),
        points=format_change(entry.points) if entry.points else f"({format_change(entry.promised)})",
        balance=format_points(entry.balance_after),
        facts=[*steps_of_entry(entry, currency=part.currency), *_context(entry)],
        link=page_of(entry),
    )


def _note_of(entry: PointsEntry, currency: str) -> str:
    """What says most about the entry beside its name: the staff's reason, the bill, the occasion."""
    figures = entry.explanation
    rule = figures.get("rule") or figures.get("occasion") or figures.get("tier") or figures.get("campaign") or ""
    bill = (
        gettext("bill %(bill)s") % {"bill": entry.bill}
        if entry.bill
        else gettext("bill %(bill)s") % {"bill": figures["sale"]}
        if figures.get("sale")
        else ""
    )
    worth = (
        gettext("worth %(value)s %(currency)s") % {"value": format_money(Decimal(figures["value"])), "currency": currency}
        if figures.get("value")
        else ""
    )
    return " · ".join(filter(None, (entry.note, bill, rule, worth)))


def _context(entry: PointsEntry) -> list[tuple[str, Any]]:
    """Who did it, where, in which program, and when it came here if that was another day."""
    facts: list[tuple[str, Any]] = [(gettext("By"), actor_label(entry.made_by))]
    if entry.store is not None:
        facts.append(
            (
                gettext("At"),
                gettext("%(store)s, till %(till)s") % {"store": entry.store, "till": entry.till} if entry.till else entry.store,
            )
        )
    facts.append((gettext("Program"), entry.program_version or entry.account.program))
    if entry.recorded_at.date() != entry.occurred_at.date():
        facts.append((gettext("Recorded"), entry.recorded_at))
    return facts


def _bill_row(bill: Bill, entries: Iterable[PointsEntry], part: TimelineSlice) -> TimelineRow:
    moved = list(entries)
    change = sum((entry.points for entry in moved), ZERO)
    promised = sum((entry.promised for entry in moved), ZERO)
    points = " ".join([format_change(change)] * bool(change) + [f"({format_change(promised)})"] * bool(promised))
    sign = "−" if bill.is_return else ""
    facts: list[tuple[str, Any]] = [(_effect(entry), explain(entry)) for entry in moved] or [
        (gettext("Points"), gettext("None."))
    ]
    if bill.discount:
        facts.append((gettext("Discount"), f"{format_money(bill.discount)} {bill.currency}"))
    if bill.returned_amount:
        facts.append((gettext("Came back"), f"{format_money(bill.returned_amount)} {bill.currency}"))
    if bill.notes:
        facts.append((gettext("Note"), shown_value(bill.notes, customer_id=bill.customer_id)))
    facts += [(gettext("Till"), bill.till), (gettext("By"), actor_label(bill.recorded_by))]
    return TimelineRow(
        key=part.key(bill.billed_at, bill.pk),
        icon="assignment_return" if bill.is_return else "receipt_long",
        title=f"{gettext('Return') if bill.is_return else gettext('Bill')} {bill.number}",
        note=bill.store or "",
        state=gettext("points promised") if promised else "" if bill.type in _PLAIN else bill.get_type_display(),
        amount=f"{sign}{format_money(bill.amount)} {bill.currency}",
        points=points,
        balance=format_points(moved[-1].balance_after) if moved else "",
        facts=facts,
        link=page_of(bill),
    )


def _effect(entry: PointsEntry) -> str:
    return f"{format_change(entry.points or entry.promised)}{'' if entry.points else gettext(' promised')}"
