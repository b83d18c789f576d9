"""Who is at work in the back office, for which organization, and in which stores?

Members of staff work for their own organization. Operators (superusers) have none: they see all, and a page about one row, or
one that makes a row, works for that row's organization.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone

from organizations.audit.actors import Actor, staff_actor
from organizations.staff.models import StaffMember
from organizations.staff.roles import own_store_ids
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

_CHOSEN = "_organization_at_work"


def member_of(request: HttpRequest) -> StaffMember:
    """The member of staff (or operator) who is logged in."""
    return cast("StaffMember", request.user)


def organization_of(request: HttpRequest) -> Organization | None:
    """The organization that this page works for; None only for an operator on a page about all of them."""
    chosen: Organization | None = getattr(request, _CHOSEN, None)
    return chosen or member_of(request).organization


def own_stores(request: HttpRequest) -> frozenset[int]:
    """The ids of the stores that whoever is logged in is limited to; empty: every store."""
    member = member_of(request)
    return frozenset() if member.is_superuser else own_store_ids(member)


@contextmanager
def work_for(request: HttpRequest, organization: Organization) -> Iterator[None]:
    """Inside: the page works for `organization`: its rows alone, its time zone."""
    before: Any = getattr(request, _CHOSEN, None)
    setattr(request, _CHOSEN, organization)
    try:
        with organization_scope(organization), timezone.override(organization.zone):
            yield
    finally:
        setattr(request, _CHOSEN, before)


def actor_of(request: HttpRequest, organization: Organization) -> Actor:
    """Whoever is logged in, as the audit tells it."""
    return replace(staff_actor(member_of(request), organization), request_id=getattr(request, "request_id", ""))
