"""Tables on the page of a customer: cards, segments, groups, profiles and channels."""

from collections.abc import Iterable, Sequence
from typing import Any

from customers.cards.models import Card
from customers.groups.models import GroupMembership
from customers.profile.models import Customer
from organizations.back_office.columns import link_to
from organizations.back_office.tables import Table, badge, strong, table
from organizations.staff.models import StaffMember
from organizations.staff.sight import shown_value


def customer_tables(customer: Customer, *, cards: Sequence[Card], user: StaffMember) -> list[Table]:
    """The tables in their order; a table without rows is not shown, but that of cards."""
    return [
        _cards(cards),
        _segments(customer, user),
        _groups(customer, user),
        _profiles(customer),
        _channels(customer),
    ]


def _cards(cards: Iterable[Card]) -> Table:
    usable = {Card.Status.ACTIVE, Card.Status.ISSUED}
    rows = [
        (
            card.number,
            card.series,
            badge(card.get_status_display(), "good" if card.status in usable else ""),
            card.issued_on,
            card.expires_on,
        )
        for card in cards
    ]
    return table("Cards", (strong("Number"), "Series", "Status", "Issued on", "Expires on"), rows, empty="No cards.")


def _segments(customer: Customer, user: StaffMember) -> Table:
    active = customer.segments.filter(segment__is_active=True, partition__is_active=True)
    rows = [
        (_linked_if(user, "customers.view_segment", row.segment), row.partition)
        for row in active.select_related("segment", "partition").order_by("segment__name")
    ]
    return table("Segments", (strong("Segment"), "Partition"), rows)


def _groups(customer: Customer, user: StaffMember) -> Table:
    memberships = customer.group_memberships.filter(group__is_active=True).select_related("group")
    rows = [
        (
            _linked_if(user, "customers.view_usergroup", membership.group),
            membership.group.external_id,
            badge(membership.get_role_display(), "good" if membership.role == GroupMembership.Role.PRIMARY else ""),
        )
        for membership in memberships.order_by("group__external_id")
    ]
    return table("User groups", (strong("Group"), "External id", "Role"), rows)


def _profiles(customer: Customer) -> Table:
    rows = [(profile.source, profile.account) for profile in customer.source_profiles.all()]
    return table("Profiles at other sources", ("Source", "Account"), rows)


def _channels(customer: Customer) -> Table:
    rows = [
        (
            channel["type"],
            shown_value(channel["value"], customer_id=customer.pk),
            bool(channel.get("primary")),
            bool(channel.get("verified")),
        )
        for channel in customer.comm_channels
    ]
    return table("Other channels", ("Type", "Value", "Primary", "Verified"), rows)


def _linked_if(user: StaffMember, permission: str, row: Any) -> Any:
    """The row, as a link if the user may see its page."""
    return link_to(row) if user.has_perm(permission) else row
