"""What the current user of the back office may do with adjustments, by role and the organization's limits."""

from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest

from engagement.adjustments.models import PointsAdjustment
from engagement.adjustments.rules import limit_of
from engagement.adjustments.services import Limit
from organizations.back_office.current_user import in_own_stores, member_of, organization_of
from organizations.back_office.queues import Queue
from organizations.tenancy.models import Organization

ADJUST_POINTS = "engagement.adjust_points"


def limit_for(request: HttpRequest, organization: Organization) -> Limit:
    """The most points that the current user adjusts alone; None: no limit, for operators."""
    member = member_of(request)
    return None if member.is_superuser else limit_of(member.role, organization.policy)


def may_adjust(request: HttpRequest) -> bool:
    """True if the current user adjusts points: by permission, and with a limit above 0."""
    organization = organization_of(request)
    allowed = member_of(request).has_perm(ADJUST_POINTS)
    return allowed and (organization is None or limit_for(request, organization) != 0)


def pending_adjustments(request: HttpRequest) -> QuerySet[PointsAdjustment] | None:
    """Pending adjustments of customers that the current user sees; None for users who do not adjust."""
    if not may_adjust(request):
        return None
    pending = PointsAdjustment.objects.filter(status=PointsAdjustment.Status.PENDING)
    return in_own_stores(pending, request, "customer__registered_store")


ADJUSTMENTS: Final = Queue(
    "Adjustments to approve", "exposure", "engagement.pointsadjustment", pending_adjustments, (("status__exact", "PENDING"),)
)
