"""Scope of the back office: the organization and the reach of the current user (docs/architecture.md, Tenants); dialogs."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirectBase
from django.urls import reverse
from django.utils import timezone

from loyalty_project.middleware import DIALOG_HEADER
from organizations.back_office.current_user import member_of
from organizations.back_office.reveals import revealed_until
from organizations.staff.reach import staff_reach
from organizations.staff.sessions import seconds_now
from organizations.tenancy.scoping import no_scope, organization_scope, unscoped

# Answered to a request of a dialog in place of the address that a browser would follow unseen.
LOCATION_HEADER: Final = "X-Dialog-Location"


class DialogMiddleware:
    """Answer 204 with the address of a redirect to a form that a dialog sends or opens.

    A script cannot see where a redirect leads before the browser has followed it, which would use up the messages of that page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if DIALOG_HEADER not in request.headers or not isinstance(response, HttpResponseRedirectBase):
            return response
        answer = HttpResponse(status=204, headers={LOCATION_HEADER: response.url})
        answer.cookies = response.cookies
        return answer


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
        with staff_reach(member, revealed=revealed_until(request.session, now=seconds_now())):
            if member.organization is None:
                with unscoped("operator in the back office"):
                    return self.get_response(request)
            with organization_scope(member.organization), timezone.override(member.organization.zone):
                return self.get_response(request)
