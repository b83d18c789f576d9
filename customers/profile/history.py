"""The audit about a customer and the customer's cards, as the current user may read it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext, gettext_noop

from customers.profile.models import Customer
from organizations.audit.models import AuditEntry
from organizations.back_office.history import HistoryRow, field_names, history_rows
from organizations.back_office.timeline import TimelineRow, TimelineSlice
from organizations.staff.reach import current_reach

# Keys of audit entries under which the id of a customer is noted.
_NAMING: Final = ("customer", "survivor", "victim")
_UNSEEN: Final = "a customer of another store"
_OF_MERGES: Final = ("merged", "merge undone")
_NAMES_SHOWN: Final = 4
_TITLES: Final = {
    "updated": gettext_noop("Profile changed"),
    "registered": gettext_noop("Registered"),
    "merged": gettext_noop("Merged"),
    "merge undone": gettext_noop("Merge undone"),
    "requested": gettext_noop("Change requested"),
    "released": gettext_noop("Identifier released"),
    "exported": gettext_noop("Data exported"),
    "erased": gettext_noop("Erased"),
    "opened": gettext_noop("Reduced card opened"),
    "value removed": gettext_noop("Value removed"),
    "points adjusted": gettext_noop("Points adjusted"),
    "code issued": gettext_noop("Code issued"),
    "tier set": gettext_noop("Tier set"),
}


def entries_about(customer: Customer) -> QuerySet[AuditEntry]:
    """The audit entries about the customer and the customer's cards, newest first. One query here, for the cards."""
    about = Q(object_type="customer", object_id=customer.pk)
    cards = list(customer.cards.values_list("pk", flat=True))
    if cards:
        about |= Q(object_type="card", object_id__in=cards)
    return AuditEntry.objects.filter(about).order_by("-id")


def readable_entries(entries: Iterable[AuditEntry]) -> list[AuditEntry]:
    """The entries, without ids of customers of other stores. One query for staff limited to stores, else none."""
    shown, stores = list(entries), current_reach().stores
    if not stores:
        return shown
    named = {values[key] for entry in shown for values in (entry.old, entry.new) for key in _NAMING if key in values}
    seen = set(Customer.objects.filter(pk__in=named, registered_store__in=stores).values_list("pk", flat=True))
    for entry in shown:
        entry.old, entry.new = (_without_others(values, seen) for values in (entry.old, entry.new))
    return shown


def _without_others(values: Mapping[str, Any], seen: Collection[int]) -> dict[str, Any]:
    return {key: _UNSEEN if key in _NAMING and value not in seen else value for key, value in values.items()}


def audit_timeline(customer: Customer, part: TimelineSlice) -> list[TimelineRow]:
    """Every audit entry. Three queries, one more for staff limited to stores."""
    return _rows(entries_about(customer), part)


def changes_timeline(customer: Customer, part: TimelineSlice) -> list[TimelineRow]:
    """The audit entries but those of merges, which have rows of their own. Queries as above."""
    return _rows(entries_about(customer).exclude(action__in=_OF_MERGES), part)


def _rows(entries: QuerySet[AuditEntry], part: TimelineSlice) -> list[TimelineRow]:
    rows = []
    for row in history_rows(readable_entries(part.newest(entries, "at")), field_names()):
        entry = row.entry
        facts = [(gettext("By"), f"{row.who}, {row.source}")]
        is_card = entry.object_type == "card"
        rows.append(
            TimelineRow(
                key=part.key(entry.at, entry.pk),
                icon="credit_card" if is_card else "edit_note",
                title=gettext("Card %(action)s") % {"action": gettext(entry.action)} if is_card else _title_of(entry),
                note=_note_of(row),
                facts=[*facts, (gettext("Request id"), entry.request_id)] if entry.request_id else facts,
                changes=row.changes,
            )
        )
    return rows


def _title_of(entry: AuditEntry) -> str:
    """What was done. Actions that have no words here are shown as they are stored, in English."""
    return gettext(_TITLES.get(entry.action, entry.action.capitalize()))


def _note_of(row: HistoryRow) -> str:
    """Who did it, for what came anew; else what was changed."""
    if row.entry.action != "updated":
        return gettext("by %(who)s") % {"who": row.who}
    names = [change.name for change in row.changes]
    more = gettext(" and %(names)s more") % {"names": len(names) - _NAMES_SHOWN} if len(names) > _NAMES_SHOWN else ""
    return f"{', '.join(names[:_NAMES_SHOWN])}{more}"
