"""Sessions of the back office: they end after idleness, and some pages need a password that was typed lately."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.module_loading import import_string

from loyalty_project import clock
from loyalty_project.gateway.known_callers import mark_known
from organizations.staff.kept_forms import EXPIRED, end_session, keep_form
from organizations.staff.models import StaffMember
from organizations.staff.second_step import VERIFIED, needs_app

# Keys of a session, all in seconds since 1970.
BEGUN_AT: Final = "begun_at"
SEEN_AT: Final = "seen_at"
CONFIRMED_AT: Final = "confirmed_at"
# Names of addresses that are open to members who still have to add their second step.
_OPEN_BEFORE: Final = frozenset({"two_step", "confirm_password", "logout", "jsi18n", "set_language"})
# A session is written once in this time, not with every page.
_WRITTEN_EVERY: Final = 60


def seconds_now() -> int:
    """The time in seconds since 1970."""
    return int(clock.now().timestamp())


def is_over(session: Any, now: int) -> bool:
    """True for a session that was idle for STAFF_IDLE_MINUTES, or began more than SESSION_COOKIE_AGE ago."""
    idle: int = now - session.get(SEEN_AT, now)
    age: int = now - session.get(BEGUN_AT, now)
    return idle > settings.STAFF_IDLE_MINUTES * 60 or age > settings.SESSION_COOKIE_AGE


def needs_password(request: HttpRequest, now: int) -> bool:
    """True if the page is a dangerous one, and the password was typed more than STAFF_CONFIRM_MINUTES ago.

    Who has opened the form in time may send it within twice that time.
    """
    match = request.resolver_match
    return match is not None and match.url_name in dangerous_pages() and not _has_typed_password(request, now)


def _has_typed_password(request: HttpRequest, now: int) -> bool:
    """True if the password was typed less than STAFF_CONFIRM_MINUTES ago; for a form that is sent, twice that time."""
    minutes = settings.STAFF_CONFIRM_MINUTES * (2 if request.method == "POST" else 1)
    return bool(now - request.session.get(CONFIRMED_AT, now) <= minutes * 60)


def owes_second_step(request: HttpRequest) -> bool:
    """True if the member's role demands two-step log-in, the session has none, and the page is not one that adds it."""
    match = request.resolver_match
    if request.session.get(VERIFIED) or (match is not None and match.url_name in _OPEN_BEFORE):
        return False
    return isinstance(request.user, StaffMember) and needs_app(request.user)


@cache
def dangerous_pages() -> frozenset[str]:
    """Names of the addresses that need a fresh password, from the setting DANGEROUS_PAGES."""
    pages: frozenset[str] = import_string(settings.DANGEROUS_PAGES)
    return pages


class StaffSessionMiddleware:
    """Ends sessions that are over, and asks for the password before dangerous pages. Only under the back office's address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(reverse("admin:index")):
            return self.get_response(request)
        now = seconds_now()
        if request.user.is_authenticated:
            if is_over(request.session, now):
                member_id = request.user.pk
                logout(request)
                end_session(request, member_id)
            else:
                mark_known(request.META)
                if now - request.session.get(SEEN_AT, 0) >= _WRITTEN_EVERY:
                    request.session[SEEN_AT] = now
        elif EXPIRED in request.session:
            keep_form(request)
        response = self.get_response(request)
        if request.user.is_authenticated and BEGUN_AT not in request.session:
            # The answer to a log-in: the password was typed now.
            request.session.pop(EXPIRED, None)
            request.session.set_expiry(None)
            request.session.update({BEGUN_AT: now, SEEN_AT: now, CONFIRMED_AT: now})
        return response

    def process_view(self, request: HttpRequest, _view: object, _args: object, _kwargs: object) -> HttpResponse | None:
        """A redirect to the page that adds a demanded second step, or to the one that asks for the password."""
        if not request.path.startswith(reverse("admin:index")) or not request.user.is_authenticated:
            return None
        if owes_second_step(request):
            return HttpResponseRedirect(reverse("two_step"))
        if not needs_password(request, seconds_now()):
            return None
        keep_form(request)
        return HttpResponseRedirect(f"{reverse('confirm_password')}?{urlencode({'next': request.get_full_path()})}")
