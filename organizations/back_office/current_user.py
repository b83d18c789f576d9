"""The current user of the back office, the organization of the page, and the stores that the user is limited to.

Members of staff work for their own organization. Operators (superusers) have none and see all organizations. A page about one
row, or one that adds a row, works for the organization of the row.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar, cast

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from organizations.audit.actors import Actor, staff_actor
from organizations.staff.log_in import own_store_ids
from organizations.staff.models import StaffMember
from organizations.staff.reach import in_stores, reach_of
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

Row = TypeVar("Row", bound=Model)
_CHOSEN = "_organization_of_page"


def member_of(request: HttpRequest) -> StaffMember:
    """The current user: a member of staff or an operator."""
    return cast("StaffMember", request.user)


def organization_of(request: HttpRequest) -> Organization | None:
    """The organization of the page; None only for an operator on a page about all organizations."""
    chosen: Organization | None = getattr(request, _CHOSEN, None)
    return chosen or member_of(request).organization


def own_stores(request: HttpRequest) -> frozenset[int]:
    """Ids of the stores that the current user is limited to; empty: every store."""
    member = member_of(request)
    return frozenset() if member.is_superuser else own_store_ids(member)


def in_own_stores(rows: QuerySet[Row], request: HttpRequest, *paths: str) -> QuerySet[Row]:
    """The rows of which a path leads to a store that the current user sees; all rows for users of every store."""
    return in_stores(rows, own_stores(request), *paths)


@contextmanager
def work_for(request: HttpRequest, organization: Organization) -> Iterator[None]:
    """Work for `organization`: its rows alone, in its time zone."""
    before: Any = getattr(request, _CHOSEN, None)
    setattr(request, _CHOSEN, organization)
    try:
        with organization_scope(organization), timezone.override(organization.zone):
            yield
    finally:
        setattr(request, _CHOSEN, before)


def actor_of(request: HttpRequest, organization: Organization) -> Actor:
    """The current user as the actor of services and of audit entries, with the user's permissions and stores."""
    member = member_of(request)
    return replace(staff_actor(member, organization), request_id=getattr(request, "request_id", ""), reach=reach_of(member))
