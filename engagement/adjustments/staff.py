"""What the current user of the back office may do with adjustments, by role and the organization's limits."""

from django.http import HttpRequest

from engagement.adjustments.models import PointsAdjustment
from engagement.adjustments.rules import limit_of
from engagement.adjustments.services import Limit
from organizations.back_office.counting import COUNTED
from organizations.back_office.current_user import member_of, organization_of, own_stores
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


def count_waiting(request: HttpRequest) -> int:
    """Number of pending adjustments of customers that the current user sees; 0 for users who do not adjust. One query."""
    if not may_adjust(request):
        return 0
    pending = PointsAdjustment.objects.filter(status=PointsAdjustment.Status.PENDING)
    if own := own_stores(request):
        pending = pending.filter(customer__registered_store__in=own)
    return pending.values("pk")[:COUNTED].count()
