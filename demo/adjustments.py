"""Adjustments of the demo's points, by the use cases of staff: one waits for a second person, one is taken back."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from engagement.adjustments.models import PointsAdjustment
from engagement.adjustments.posting import Draft
from engagement.adjustments.rules import limit_of
from engagement.adjustments.services import adjust_points
from engagement.adjustments.taking_back import take_back_adjustment
from engagement.points.models import PointsAccount
from organizations.audit.actors import staff_actor
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization

MAKER: Final = "tomas"


@dataclass(frozen=True, slots=True)
class _Case:
    """Points and the reason; `taken_back` is the reason for taking them back ("": they stay)."""

    points: int
    reason: str
    taken_back: str = ""


_CASES: Final = (
    _Case(40, "Bill of 12 March was never recorded"),
    _Case(-25, "Points of a bill that belongs to another customer"),
    _Case(200, "Welcome gift at the harbour day", "The gift was meant for another customer"),
    # Above the limit of a care agent.
    _Case(1500, "Hotel voucher that was promised in writing"),
)


def adjust_demo_points(organization: Organization) -> int:
    """Adjust the points of the customers with the most points; the number of adjustments.

    Does nothing if there are adjustments already, of an older edition or of a user. Call it in a transaction.
    """
    if PointsAdjustment.objects.exists():
        return 0
    member = StaffMember.objects.get(organization=organization, username=MAKER)
    by, limit = staff_actor(member, organization), limit_of(member.role, organization.policy)
    richest = PointsAccount.objects.filter(moved_to=None, customer__merged_into=None).order_by("-balance", "customer")
    accounts = list(richest.select_related("customer")[: len(_CASES)])
    for account, case in zip(accounts, _CASES, strict=False):
        draft = Draft(points=Decimal(case.points), reason=case.reason)
        entry = adjust_points(account, draft, limit=limit, by=by).entry
        if case.taken_back and entry is not None:
            take_back_adjustment(entry.pk, reason=case.taken_back, limit=limit, by=by)
    return len(accounts)
