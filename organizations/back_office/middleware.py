"""Whose rows does the back office see? Those of the organization of whoever is logged in (docs/architecture.md, Tenants)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from organizations.back_office.current_user import member_of
from organizations.tenancy.scoping import no_scope, organization_scope, unscoped


class StaffScopeMiddleware:
    """Enters the scope, and the time zone, of the organization of the member of staff. Only under the back office's address.

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
        organization = member_of(request).organization
        if organization is None:
            with unscoped("operator in the back office"):
                return self.get_response(request)
        with organization_scope(organization), timezone.override(organization.zone):
            return self.get_response(request)
