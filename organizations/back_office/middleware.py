"""Scope of the back office: the organization and the reach of the current user (docs/architecture.md, Tenants)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from organizations.back_office.current_user import member_of
from organizations.staff.reach import staff_reach
from organizations.tenancy.scoping import no_scope, organization_scope, unscoped


class StaffScopeMiddleware:
    """Enter the scope, the time zone and the reach of the member of staff. Only under the back office's address.

    Operators see every organization. Before log-in there is no scope at all, so that a page that forgets to ask fails.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(reverse("admin:index")):
            return self.get_response(request)
        if not request.user.is_authenticated:
            with no_scope():
                return self.get_response(request)
        member = member_of(request)
        with staff_reach(member):
            if member.organization is None:
                with unscoped("operator in the back office"):
                    return self.get_response(request)
            with organization_scope(member.organization), timezone.override(member.organization.zone):
                return self.get_response(request)
