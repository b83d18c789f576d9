"""What do staff do about a customer's identifiers? Ask for one to be changed, and issue the code by which a till may ask."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.db import Error, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from customers.identifiers.models import Identifier
from customers.identity_requests.models import IdentityRequest
from customers.identity_requests.rules import read_change
from customers.identity_requests.services import CONSTRAINTS, Status
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.validation_codes.services import IssuedCode, Purpose, issue_code
from loyalty_project import clock
from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.current_user import actor_of, member_of, work_for
from organizations.back_office.forms import ReasonField
from organizations.back_office.pages import page_action, page_of
from organizations.back_office.refusals import refusal_of, sentence_of
from use_cases.identity import request_change

_OF_NEW_VALUE: Final[frozenset[CodeTable]] = frozenset(
    {
        Code.IDENTITY_CHANGE_FAILED,
        Code.MALFORMED_IDENTIFIER,
        Code.CHANGE_REQUEST_PENDING,
        Code.MOBILE_TAKEN,
        Code.EMAIL_TAKEN,
        Code.EXTERNAL_ID_TAKEN,
    }
)


class ChangeForm(forms.Form):
    """Which identifier of the customer shall become what. `current` are those of now, by kind."""

    kind = forms.ChoiceField(label="Change the", widget=UnfoldAdminRadioSelectWidget)
    new_value = forms.CharField(label="New value", max_length=254, widget=UnfoldAdminTextInputWidget)
    comments = ReasonField(required=False, help_text="For whoever decides: how you know the customer, and why it changes.")

    def __init__(self, *args: Any, current: Mapping[str, str], by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.current, self.by = current, by
        kinds: Any = self.fields["kind"]
        kinds.choices = [(kind, f"{Identifier.Kind(kind).label} {value}") for kind, value in current.items()]

    def save(self) -> IdentityRequest | None:
        """Ask for the change; None where it is refused, which is told at its field."""
        typed = self.cleaned_data
        context = load_input_context([], by=self.by)
        try:
            wish = read_change(
                typed["kind"], self.current[typed["kind"]], typed["new_value"], context=context, comments=typed["comments"]
            )
            with transaction.atomic():
                return request_change(wish, context=context, by=self.by, is_known=True)
        except (LoyaltyError, Error) as error:
            code = refusal_of(error, CONSTRAINTS)
            self.add_error("new_value" if code in _OF_NEW_VALUE else None, sentence_of(code))
            return None


class IdentityActions(BackOfficeAdmin):
    """The two pages beside the customer's own; part of the room of customers."""

    actions_detail: Sequence[str] = ("ask_change", "issue_code")

    def has_ask_permission(self, request: HttpRequest, object_id: Any = None) -> bool:  # noqa: ARG002 - as Django's has_..._permission
        """Whether whoever is logged in may ask for identifiers to be changed."""
        return member_of(request).has_perm("customers.add_identityrequest")

    def has_issue_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether they may issue codes: where the organization asks for any."""
        organization = self.organization_for(request, None if object_id is None else str(object_id))
        return self.has_ask_permission(request) and organization is not None and organization.verification.otp

    @page_action("Change identifier", address="change-identifier", icon="swap_horiz", permission="ask")
    def ask_change(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page on which a change is asked for."""
        customer = self.get_object(request, unquote(object_id))
        if customer is None:
            return self.answer_unknown(request, object_id)
        organization = self.organization_behind(customer)
        with work_for(request, organization):
            current = {one.kind: one.value for one in customer.identifiers.all()}
            form = ChangeForm(request.POST or None, current=current, by=actor_of(request, organization))
            if request.method == "POST" and form.is_valid() and (asked := form.save()):
                _tell(request, asked)
                return HttpResponseRedirect(page_of(customer))
            return self.answer_page(
                request,
                "back_office/change_identifier.html",
                title=f"Change identifier: {customer}",
                original=customer,
                back=page_of(customer),
                form=form,
            )

    @page_action("One-time code", address="issue-code", icon="password", permission="issue")
    def issue_code(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page on which a one-time code is issued, and shown."""
        customer = self.get_object(request, unquote(object_id))
        if customer is None:
            return self.answer_unknown(request, object_id)
        organization = self.organization_behind(customer)
        with work_for(request, organization):
            issued = _issue(request, customer, by=actor_of(request, organization)) if request.method == "POST" else None
            return self.answer_page(
                request,
                "back_office/issue_code.html",
                title=f"One-time code: {customer}",
                original=customer,
                back=page_of(customer),
                issued=issued,
            )


def _issue(request: HttpRequest, customer: Customer, *, by: Actor) -> IssuedCode | None:
    """The code; None where somebody else is at work on the customer, which is told."""
    try:
        with transaction.atomic():
            return issue_code(customer.pk, purpose=Purpose.IDENTITY, by=by, now=clock.now())
    except Error as error:
        messages.error(request, sentence_of(refusal_of(error, {})))
        return None


def _tell(request: HttpRequest, asked: IdentityRequest) -> None:
    if asked.status == Status.APPROVED:
        messages.success(request, f"{asked.new_value} is the customer's {asked.get_kind_display()} now.")
    elif asked.other is None:
        messages.success(request, f"{asked.new_value} is asked for. Somebody else has to approve it.")
    else:
        messages.warning(
            request,
            f"{asked.new_value} is asked for. It belongs to {asked.other}, who would be merged into this customer: somebody"
            " else has to approve that.",
        )
