"""Pages of a customer about identifiers: request a change, release an inherited value, issue the code that a till asks for."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db import Error, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from customers.back_office import IDENTIFIER_LABELS
from customers.identifiers.models import Identifier
from customers.identity_requests.models import IdentityRequest
from customers.identity_requests.rules import read_change
from customers.identity_requests.services import CONSTRAINTS, ReleaseRefusedError, Status, release_identifier
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.validation_codes.services import IssuedCode, Purpose, issue_code
from loyalty_project import clock
from loyalty_project.protocol.codes import Code, CodeTable
from organizations.audit.actors import Actor
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.columns import is_in_sight
from organizations.back_office.current_user import actor_of, member_of
from organizations.back_office.forms import ActionForm, LineField, ReasonField
from organizations.back_office.pages import page_of, permission_check, row_page, row_view
from organizations.back_office.refusals import refusal_of, sentence_of
from organizations.staff.sight import shown_identifier
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


class ChangeForm(ActionForm):
    """The identifier of `customer` to change, and its new value. `current` are the current identifiers by kind."""

    constraints = CONSTRAINTS

    kind = forms.ChoiceField(label="Identifier", widget=UnfoldAdminRadioSelectWidget)
    new_value = LineField(label="New value", max_length=254, widget=UnfoldAdminTextInputWidget)
    comments = ReasonField(
        required=False, label="Comment", help_text="For the colleague who decides: how you know the customer, and the reason."
    )

    identity_request: IdentityRequest

    def __init__(self, *args: Any, customer: Customer, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = {identifier.kind: identifier.value for identifier in customer.identifiers.all()}
        self.customer, self.current, self.by = customer, current, by
        kinds: Any = self.fields["kind"]
        kinds.choices = [
            (kind, f"{IDENTIFIER_LABELS[kind]}: {shown_identifier(kind, value, customer_id=customer.pk)}")
            for kind, value in current.items()
        ]

    def field_of(self, code: CodeTable) -> str | None:
        return "new_value" if code in _OF_NEW_VALUE else None

    def act(self) -> None:
        typed = self.cleaned_data
        context = load_input_context([], by=self.by)
        old_value = self.current[typed["kind"]]
        wish = read_change(typed["kind"], old_value, typed["new_value"], context=context, comments=typed["comments"])
        with transaction.atomic():
            self.identity_request = request_change(
                wish, context=context, by=self.by, is_known=True, customer_id=self.customer.pk
            )


class ReleaseForm(ActionForm):
    """The reason for releasing an inherited identifier."""

    refusals = (ReleaseRefusedError,)

    reason = ReasonField(help_text="How you know that the value is not the customer's. Kept in the history.")

    def __init__(self, *args: Any, identifier: Identifier, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.identifier, self.by = identifier, by

    def act(self) -> None:
        row, reason = self.identifier, self.cleaned_data["reason"]
        with transaction.atomic():
            release_identifier(row.kind, row.value, customer_id=row.customer_id, reason=reason, by=self.by)


class IdentityActions(BackOfficeAdmin):
    """The pages *Change identifier*, *Release identifier* and *One-time code* of a customer."""

    actions_detail: Sequence[str] = ("request_change", "issue_code")

    has_release_permission = permission_check("customers.decide_identityrequest")

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<int:object_id>/release/<int:identifier_id>/",
            self.admin_site.admin_view(self.release_view),
            name="customers_customer_release",
        )
        return [page, *super().get_urls()]

    def has_request_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """True if the current user may request changes of identifiers."""
        return member_of(request).has_perm("customers.add_identityrequest")

    def has_issue_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """True if the current user may issue codes and the organization asks for them. `obj` is a customer or an id."""
        object_id = None if obj is None else str(getattr(obj, "pk", obj))
        organization = self.organization_for(request, object_id)
        return self.has_request_permission(request) and organization is not None and organization.verification.otp

    @row_page("Change identifier", address="change-identifier", icon="swap_horiz", permission="request")
    def request_change(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The page that requests a change of an identifier."""
        form = ChangeForm(request.POST or None, customer=customer, by=actor_of(request, self.organization_behind(customer)))
        if form.run():
            report_request(request, form.identity_request)
            return HttpResponseRedirect(page_of(customer))
        title = gettext("Change identifier: %(customer)s") % {"customer": customer}
        return self.answer_page(
            request,
            "back_office/change_identifier.html",
            title=title,
            original=customer,
            form=form,
            submit=gettext("Request change"),
        )

    @row_view("release")
    def release_view(self, request: HttpRequest, customer: Customer, identifier_id: int) -> HttpResponse:
        """The page that releases an identifier which the customer inherited from a merged one."""
        inherited = Identifier.objects.filter(customer=customer, state=Identifier.State.MERGED)
        identifier = inherited.filter(pk=identifier_id).first()
        if identifier is None:
            messages.warning(request, gettext("This value does not come from a merged customer any more."))
            return HttpResponseRedirect(page_of(customer))
        by = actor_of(request, self.organization_behind(customer))
        form = ReleaseForm(request.POST or None, identifier=identifier, by=by)
        value = str(identifier)
        if form.run():
            messages.success(
                request, gettext("%(value)s no longer finds %(customer)s.") % {"value": value, "customer": customer}
            )
            return HttpResponseRedirect(page_of(customer))
        return self.answer_page(
            request,
            "back_office/release_identifier.html",
            title=gettext("Release identifier: %(value)s") % {"value": value},
            original=customer,
            value=value,
            form=form,
            submit=gettext("Release"),
        )

    @row_page("One-time code", address="issue-code", icon="password", permission="issue")
    def issue_code(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The page that issues a one-time code and shows it."""
        by = actor_of(request, self.organization_behind(customer))
        issued = _issue(request, customer, by=by) if request.method == "POST" else None
        title = gettext("One-time code: %(customer)s") % {"customer": customer}
        return self.answer_page(
            request, "back_office/issue_code.html", title=title, original=customer, issued=issued, submit=gettext("Show code")
        )


def _issue(request: HttpRequest, customer: Customer, *, by: Actor) -> IssuedCode | None:
    """The code; None, with a message, if another action is running for the customer."""
    try:
        with transaction.atomic():
            return issue_code(customer.pk, purpose=Purpose.IDENTITY, by=by, now=clock.now())
    except Error as error:
        messages.error(request, sentence_of(refusal_of(error, {})))
        return None


def report_request(request: HttpRequest, change: IdentityRequest) -> None:
    """Report a request that was made: the change took effect, or waits for a colleague."""
    new_value = change.new_text
    if change.status == Status.APPROVED:
        messages.success(
            request,
            gettext("The customer's %(kind)s is now %(new_value)s.")
            % {"kind": change.get_kind_display(), "new_value": new_value},
        )
    elif change.other is None:
        messages.success(
            request,
            gettext("Sent for approval: %(kind)s %(new_value)s. A colleague has to approve it.")
            % {"kind": change.get_kind_display(), "new_value": new_value},
        )
    else:
        owner = str(change.other) if is_in_sight(change.other) else gettext("another customer")
        messages.warning(
            request,
            gettext(
                "Requested: %(new_value)s. It belongs to %(owner)s, who would be merged into this customer."
                " A colleague who sees both and may merge has to approve it."
            )
            % {"new_value": new_value, "owner": owner},
        )
