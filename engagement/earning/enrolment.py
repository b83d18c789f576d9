"""Who joins which program? Everybody at once; who is in already stays as they are (docs/protocol.md 2.7)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from customers.profile.models import Customer
from engagement.numbers.days import months_later
from engagement.points.models import PointsAccount
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import CurrentProgram
from engagement.programs.models import Membership, Tier
from loyalty_project.db.rows import insert_with_ids
from organizations.tenancy.models import Organization


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """A stored customer who is to be in these programs, from `at` on where they are not yet."""

    customer: Customer
    programs: Sequence[CurrentProgram]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """`memberships` has all that were asked for, `new` those that began now, `accounts` the points accounts of those."""

    memberships: dict[AccountKey, Membership] = field(default_factory=dict)
    new: dict[AccountKey, Membership] = field(default_factory=dict)
    accounts: dict[AccountKey, PointsAccount] = field(default_factory=dict)


def enrol(joinings: Sequence[Joining], *, organization: Organization) -> Enrolment:
    """Make every customer a member of their programs, on the lowest tier or without one, with an empty points account.

    Five queries at most, for any number. The initial tier leaves no history (docs/protocol.md 7); its validity runs from the
    joining. Call it in a transaction that holds the customers' locks: a race past them breaks `membership_unique`. No audit
    entries: the membership says itself when it began.
    """
    asked = {AccountKey(one.customer.pk, program.program.pk): (one, program) for one in joinings for program in one.programs}
    if not asked:
        return Enrolment()
    present = Membership.objects.filter(
        customer_id__in={key.customer_id for key in asked}, program_id__in={key.program_id for key in asked}
    ).select_related("tier")
    memberships = {key: one for one in present if (key := AccountKey(one.customer_id, one.program_id)) in asked}
    new = {
        key: _membership(joining, standing, organization)
        for key, (joining, standing) in asked.items()
        if key not in memberships
    }
    accounts = {
        key: PointsAccount(organization=organization, customer_id=key.customer_id, program_id=key.program_id) for key in new
    }
    insert_with_ids(list(new.values()))
    insert_with_ids(list(accounts.values()))
    return Enrolment(memberships=memberships | new, new=new, accounts=accounts)


def _membership(joining: Joining, standing: CurrentProgram, organization: Organization) -> Membership:
    tier, ends = _lowest(standing, joining.at, organization.zone)
    return Membership(
        organization=organization,
        customer_id=joining.customer.pk,
        program=standing.program,
        enrolled_on=joining.at,
        tier=tier,
        tier_since=joining.at if tier else None,
        tier_expires_on=ends,
    )


def _lowest(standing: CurrentProgram, at: datetime, zone: ZoneInfo) -> tuple[Tier | None, date | None]:
    """The lowest tier, and its last day for somebody who joins at `at`; None: it never ends."""
    if not standing.tiers:
        return None, None
    lowest = standing.tiers[0]
    rule = standing.rules.tier(lowest.name)
    months = rule.validity_months if rule else None
    return lowest, months_later(at.astimezone(zone).date(), months) if months else None
