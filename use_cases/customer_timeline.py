"""The timeline of a customer's page, composed of what each app brings: tabs, each with one or more sources of rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from customers.merging.timeline import merges_timeline
from customers.outbox.timeline import outbox_timeline
from customers.profile.history import audit_timeline, changes_timeline
from customers.profile.models import Customer
from engagement.coupons.timeline import coupons_timeline
from engagement.interactions.timeline import interactions_timeline
from engagement.notes.timeline import notes_timeline
from engagement.points.timeline import bills_timeline, points_beside_bills, points_timeline
from engagement.tiers.timeline import tiers_timeline
from organizations.back_office.timeline import TimelineRow, TimelineSlice, merge_rows, read_key
from organizations.staff.models import StaffMember
from subscriptions.timeline import consents_timeline
from tickets.ticket.timeline import tickets_timeline

PAGE_SIZE: Final = 25
ALL: Final = "all"
# The tab of what is no event, which the page composes itself.
PROFILE: Final = "profile"


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of rows: its number in keys, the permission to see it ("": that to see the customer), and what reads it."""

    number: int
    permission: str
    read: Callable[[Customer, TimelineSlice], list[TimelineRow]]


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab: its name in addresses, its title, and its sources."""

    name: str
    title: str
    sources: Sequence[Source]


# Numbers decide the order of what happens in one moment: higher ones first. They are part of addresses.
_POINTS: Final = Source(1, "engagement.view_pointsentry", points_timeline)
_OTHER_POINTS: Final = Source(2, "engagement.view_pointsentry", points_beside_bills)
_BILLS: Final = Source(3, "engagement.view_bill", bills_timeline)
_COUPONS: Final = Source(4, "engagement.view_coupon", coupons_timeline)
_TIERS: Final = Source(5, "engagement.view_membership", tiers_timeline)
_INTERACTIONS: Final = Source(6, "engagement.view_interaction", interactions_timeline)
_OUTBOX: Final = Source(7, "customers.view_outboxmessage", outbox_timeline)
_CONSENTS: Final = Source(8, "subscriptions.view_consent", consents_timeline)
_NOTES: Final = Source(9, "engagement.view_note", notes_timeline)
_TICKETS: Final = Source(10, "tickets.view_ticket", tickets_timeline)
_MERGES: Final = Source(11, "", merges_timeline)
_CHANGES: Final = Source(12, "", changes_timeline)
_AUDIT: Final = Source(13, "", audit_timeline)
_CONTACTS: Final = (_INTERACTIONS, _OUTBOX, _CONSENTS, _NOTES, _TICKETS)
TABS: Final[Sequence[Tab]] = (
    Tab(ALL, "All", (_OTHER_POINTS, _BILLS, _COUPONS, _TIERS, *_CONTACTS, _MERGES, _CHANGES)),
    Tab("points", "Points", (_POINTS,)),
    Tab("bills", "Bills", (_BILLS,)),
    Tab("coupons", "Coupons", (_COUPONS,)),
    Tab("tiers", "Tiers", (_TIERS,)),
    Tab("messages", "Messages", _CONTACTS),
    Tab("merges", "Merges", (_MERGES,)),
    Tab("audit", "Audit", (_AUDIT,)),
    Tab(PROFILE, "Profile", ()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A page of a tab, beside the tabs that the user sees. `older` is the key of the next page, or ""."""

    tab: Tab
    tabs: Sequence[Tab]
    rows: Sequence[TimelineRow]
    older: str
    is_first: bool

    @property
    def shows_money(self) -> bool:
        """True if any row has an amount."""
        return any(row.amount for row in self.rows)

    @property
    def shows_points(self) -> bool:
        """True if any row has points."""
        return any(row.points for row in self.rows)


def read_timeline(customer: Customer, *, tab: str, before: str, currency: str, seen_by: StaffMember) -> Timeline:
    """The page of a tab that follows the key `before` ("": the newest rows), with the sources that `seen_by` may see.

    An unknown tab, or one that `seen_by` may not see, is the first one; a text that is no key counts as "". The number of
    queries does not depend on the number of rows.
    """
    tabs = [known for known in TABS if known.name == PROFILE or _visible(known, seen_by)]
    shown = next((known for known in tabs if known.name == tab), tabs[0])
    key = read_key(before)
    slices = [
        source.read(customer, TimelineSlice(source=source.number, limit=PAGE_SIZE + 1, before=key, currency=currency))
        for source in _visible(shown, seen_by)
    ]
    rows, older = merge_rows(slices, limit=PAGE_SIZE)
    return Timeline(tab=shown, tabs=tabs, rows=rows, older=str(older or ""), is_first=key is None)


def _visible(tab: Tab, user: StaffMember) -> list[Source]:
    return [source for source in tab.sources if not source.permission or user.has_perm(source.permission)]
