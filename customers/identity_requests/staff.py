"""Identity requests that wait for a decision, as the current user of the back office sees them."""

from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest

from customers.identity_requests.models import IdentityRequest
from organizations.back_office.current_user import in_own_stores
from organizations.back_office.queues import Queue


def pending_requests(request: HttpRequest) -> QuerySet[IdentityRequest]:
    """Pending requests of customers that the current user sees."""
    # By the moment of the decision, which is indexed: pending requests have none.
    return in_own_stores(IdentityRequest.objects.filter(decided_on=None), request, "customer__registered_store")


REQUESTS: Final = Queue(
    "Identity requests", "swap_horiz", "customers.identityrequest", pending_requests, (("status__exact", "PENDING"),)
)
