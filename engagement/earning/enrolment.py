"""Enrolment of customers in programs; existing memberships stay unchanged (docs/protocol.md 2.7)."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from customers.profile.models import Customer
from engagement.points.models import PointsAccount, PointsEntry, PointsLot
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import CurrentProgram
from engagement.programs.models import Membership, Tier
from engagement.tiers.rules import end_of
from loyalty_project.db.ids import give_ids
from loyalty_project.db.instances import new_instance
from loyalty_project.db.rows import insert_rows
from organizations.tenancy.models import Organization


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """A stored customer to be enrolled in these programs at the moment `at`. A new one is in none."""

    customer: Customer
    programs: Sequence[CurrentProgram]
    at: datetime
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """Result of an enrolment: all memberships asked for, those that are `new`, and the points `accounts` of the new ones.

    `ids` are free ids for the first entry and the first lot of each account.
    """

    memberships: dict[AccountKey, Membership] = field(default_factory=dict)
    new: dict[AccountKey, Membership] = field(default_factory=dict)
    accounts: dict[AccountKey, PointsAccount] = field(default_factory=dict)
    ids: dict[AccountKey, tuple[int, int]] = field(default_factory=dict)


def enrol(joinings: Sequence[Joining], *, organization: Organization) -> Enrolment:
    """Make every customer a member of their programs, on the lowest tier if there are tiers, with an empty points account.

    Four queries at most. The first tier leaves no history (docs/protocol.md 7); its validity counts from the joining. Call it
    in a transaction that holds the customers' locks; `membership_unique` guards against races. There are no audit entries: the
    membership has its own date.
    """
    asked = {
        AccountKey(joining.customer.pk, current.program.pk): (joining, current)
        for joining in joinings
        for current in joining.programs
    }
    if not asked:
        return Enrolment()
    memberships = _present({key for key, (joining, _) in asked.items() if not joining.is_new})
    new = {
        key: _membership(joining, current, organization) for key, (joining, current) in asked.items() if key not in memberships
    }
    accounts = {
        key: new_instance(
            PointsAccount,
            organization_id=organization.pk,
            customer_id=key.customer_id,
            program_id=key.program_id,
            due_at=end_of(membership.tier_due_on, organization.zone) if membership.tier_due_on else None,
        )
        for key, membership in new.items()
    }
    entry_and_lot = (PointsEntry, PointsLot)
    drawn = iter(give_ids(list(new.values()), list(accounts.values()), ahead=entry_and_lot * len(accounts)))
    insert_rows(list(new.values()))
    insert_rows(list(accounts.values()))
    ids = {key: (next(drawn), next(drawn)) for key in accounts}
    return Enrolment(memberships=memberships | new, new=new, accounts=accounts, ids=ids)


def _present(keys: Set[AccountKey]) -> dict[AccountKey, Membership]:
    """The memberships that there are: one query, none without keys."""
    if not keys:
        return {}
    present = Membership.objects.filter(
        customer_id__in={key.customer_id for key in keys}, program_id__in={key.program_id for key in keys}
    ).select_related("tier")
    found = {AccountKey(membership.customer_id, membership.program_id): membership for membership in present}
    return {key: found[key] for key in keys & found.keys()}


def _membership(joining: Joining, current: CurrentProgram, organization: Organization) -> Membership:
    tier, ends = _lowest(current, joining.at, organization.zone)
    return new_instance(
        Membership,
        organization_id=organization.pk,
        customer_id=joining.customer.pk,
        program=current.program,
        enrolled_on=joining.at,
        tier=tier,
        tier_since=joining.at if tier else None,
        tier_expires_on=ends,
        tier_due_on=ends,
    )


def _lowest(current: CurrentProgram, at: datetime, zone: ZoneInfo) -> tuple[Tier | None, date | None]:
    """The lowest tier, and its last day for a customer who joins at `at`; None if it never ends."""
    if not current.tiers:
        return None, None
    lowest = current.tiers[0]
    rule = current.rules.tier(lowest.name)
    validity = rule.validity if rule else None
    return lowest, validity.last_day(at.astimezone(zone).date()) if validity else None
