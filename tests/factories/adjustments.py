"""Adjustments of points by staff, made by the services."""

from decimal import Decimal
from typing import Any

from engagement.adjustments.models import PointsAdjustment
from engagement.adjustments.posting import Draft
from engagement.adjustments.services import Limit, adjust_points
from engagement.points.models import PointsAccount
from organizations.audit.actors import Actor, staff_actor
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from tests.factories.staff import StaffMemberFactory


def staff_of(organization: Organization, name: str = "carla") -> Actor:
    """A customer care agent as an actor."""
    member = StaffMember.objects.filter(username=name).first()
    member = member or StaffMemberFactory(organization=organization, role="care_agent", username=name)
    return staff_actor(member, organization)


def adjust(
    account: PointsAccount, points: str | int, *, limit: Limit = None, by: str = "carla", **draft: Any
) -> PointsAdjustment:
    """An adjustment by the member of staff `by`; pending above `limit`. `draft` are the other values of a `Draft`."""
    values = {"reason": "A slip of the till", **draft}
    return adjust_points(
        account,
        Draft(points=Decimal(points), **values),
        limit=limit,
        by=staff_of(account.organization, by),
    )
