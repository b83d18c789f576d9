"""Who joins which program? Everybody at once; who is in already stays as they are (docs/protocol.md 2.7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from customers.models import Customer
from engagement.days import months_later
from engagement.models import Membership, Tier
from engagement.services.programs import StandingProgram
from loyalty_project.db.rows import draw_ids, insert_rows
from organizations.models import Organization


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """Memberships by customer and program (ids): `memberships` has all that were asked for, `new` those that began now."""

    memberships: dict[tuple[int, int], Membership]
    new: list[Membership]


def enrol(
    customers: Sequence[Customer], programs: Sequence[StandingProgram], *, at: datetime, organization: Organization
) -> Enrolment:
    """Make every customer a member of every program as of `at`, on its lowest tier, or without one where it has none.

    Three queries at most, for any number. The initial tier leaves no history (docs/protocol.md 7); its validity runs from `at`.
    Call it in a transaction that holds the customers' locks: a race past them breaks `membership_unique`. No audit entries:
    the membership says itself when it began.
    """
    ids = list(dict.fromkeys(customer.pk for customer in customers))
    standing = {one.program.pk: one for one in programs}
    present = Membership.objects.filter(customer_id__in=ids, program_id__in=standing).select_related("tier")
    memberships = {(one.customer_id, one.program_id): one for one in present}
    firsts = {pk: _lowest(one, at, organization.zone) for pk, one in standing.items()}
    new = [
        Membership(
            organization=organization,
            customer_id=customer,
            program=standing[program].program,
            enrolled_on=at,
            tier=tier,
            tier_since=at if tier else None,
            tier_expires_on=ends,
        )
        for customer in ids
        for program, (tier, ends) in firsts.items()
        if (customer, program) not in memberships
    ]
    for membership, pk in zip(new, draw_ids(Membership, len(new)), strict=True):
        membership.pk = pk
    insert_rows(new)
    memberships |= {(one.customer_id, one.program_id): one for one in new}
    return Enrolment(memberships=memberships, new=new)


def _lowest(standing: StandingProgram, at: datetime, zone: ZoneInfo) -> tuple[Tier | None, date | None]:
    """The lowest tier, and its last day for somebody who joins at `at`; None: it never ends."""
    if not standing.tiers:
        return None, None
    lowest = standing.tiers[0]
    months = next((tier.get("validity_months") for tier in standing.rules["tiers"] if tier["name"] == lowest.name), None)
    return lowest, months_later(at.astimezone(zone).date(), months) if months else None
