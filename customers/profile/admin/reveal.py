"""Personal data of one customer for users who see it masked: shown for some minutes, for a reason that is in the audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext

from customers.profile.models import Customer
from organizations.audit.actors import Actor
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.current_user import actor_of, member_of
from organizations.back_office.forms import ActionForm, ReasonField
from organizations.back_office.pages import page_of, permission_check, row_view
from organizations.back_office.reveals import MINUTES, hide, reveal, revealed_until
from organizations.staff.reach import REVEAL_PERMISSION, VIEW_PERMISSION
from organizations.staff.sessions import seconds_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Masking:
    """What the page of a customer says of personal data that is masked. `until` is the end of a reveal, None without one."""

    may_reveal: bool
    until: datetime | None
    seconds_left: int


def masking_of(request: HttpRequest, customer: Customer) -> Masking | None:
    """Whether the customer's personal data is masked for the current user, or revealed; None if it never is. No query."""
    member = member_of(request)
    if member.has_perm(VIEW_PERMISSION) or customer.erased_at is not None:
        return None
    now = seconds_now()
    may_reveal = member.has_perm(REVEAL_PERMISSION)
    until = revealed_until(request.session, now=now).get(customer.pk) if may_reveal else None
    return Masking(
        may_reveal=may_reveal,
        until=None if until is None else datetime.fromtimestamp(until, tz=timezone.get_current_timezone()),
        seconds_left=0 if until is None else until - now,
    )


class RevealForm(ActionForm):
    """The reason for which the personal data of a customer is shown."""

    reason = ReasonField(help_text="Kept in the customer's history with your name, without names or numbers of the customer.")

    def __init__(self, *args: Any, session: SessionBase, customer: Customer, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.session, self.customer, self.by = session, customer, by

    def act(self) -> None:
        reason = self.cleaned_data["reason"]
        reveal(self.session, self.customer.pk, reason=reason, by=self.by, now=seconds_now())


class RevealActions(BackOfficeAdmin):
    """The page that shows the personal data of a customer for some minutes, and the button that hides it again."""

    actions_detail: Sequence[str] = ()

    has_reveal_permission = permission_check(REVEAL_PERMISSION)

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path(f"<int:object_id>/{address}/", self.admin_site.admin_view(view), name=f"customers_customer_{name}")
            for address, name, view in (("reveal", "reveal", self.reveal_view), ("hide", "hide", self.hide_view))
        ]
        return [*pages, *super().get_urls()]

    @row_view("reveal")
    def reveal_view(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The page that asks for the reason, and leads back to the customer."""
        by = actor_of(request, self.organization_behind(customer))
        form = RevealForm(request.POST or None, session=request.session, customer=customer, by=by)
        if form.run():
            return HttpResponseRedirect(page_of(customer))
        return self.answer_page(
            request,
            "back_office/action.html",
            title=gettext("Show personal data: %(customer)s") % {"customer": customer},
            original=customer,
            form=form,
            submit=gettext("Show"),
            intro=gettext(
                "Names, identifiers and texts of this customer are shown to you for %(minutes)s minutes, on every page."
            )
            % {"minutes": MINUTES},
        )

    @row_view("reveal")
    def hide_view(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """Mask the customer again before the minutes are over."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        hide(request.session, customer.pk, now=seconds_now())
        messages.success(request, gettext("The personal data is masked again."))
        return HttpResponseRedirect(page_of(customer))
