"""Identity requests: the queue of requests to change identifiers, and the page on which one is decided."""

from typing import Any, ClassVar, Final

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext
from unfold.decorators import display

from customers.back_office import CustomerFilter, CustomerRowsAdmin
from customers.identity_requests.models import IdentityRequest
from customers.lookup.reads import read_customers
from customers.search.admin import matching_values
from organizations.back_office.columns import choice_column, is_in_sight
from organizations.back_office.current_user import actor_of, member_of
from organizations.back_office.decisions import DecidingAdmin, Decision, DecisionForm
from organizations.back_office.filters import ChoiceFilter, DayRangeFilter, StoreFilter
from organizations.back_office.history import actor_label
from organizations.back_office.pages import permission_check
from use_cases.identity import DecisionRefusedError, approve_request, read_obstacle, reject_request
from use_cases.merging import MERGE_PERMISSION

Status = IdentityRequest.Status
Type = IdentityRequest.Type
STATUS_COLORS: Final[dict[str, str]] = {Status.PENDING: "warning", Status.APPROVED: "success", Status.REJECTED: "danger"}
TYPE_COLORS: Final[dict[str, str]] = {Type.CHANGE_IDENTIFIER: "info", Type.MERGE: "danger"}


class IdentityDecisionForm(DecisionForm):
    """The reason for a decision on an identity request."""

    refusals = (DecisionRefusedError,)

    def act(self) -> None:
        decide = reject_request if self.decision.is_rejection else approve_request
        decide(self.row.pk, reason=self.cleaned_data["reason"], by=self.by)


@admin.register(IdentityRequest)
class IdentityRequestAdmin(DecidingAdmin, CustomerRowsAdmin):  # type: ignore[misc]  # stubs and Unfold disagree on what bases share
    """Identity requests, pending ones first. Nothing is edited: a request is approved or rejected on a page of its own."""

    customer_paths = ("customer", "other")
    related: ClassVar[tuple[str, ...]] = ("customer", "other", "store", "till")
    fields = ()
    list_display = ("value_change", "kind", "customer_link", "type_label", "status_label", "requested_on", "requested_by_label")
    phone_lines = (("value_change", "status_label"), ("kind", "customer_link", "requested_on"))
    list_display_links = ("value_change",)
    list_filter = (
        CustomerFilter,
        ("status", ChoiceFilter),
        ("kind", ChoiceFilter),
        ("type", ChoiceFilter),
        StoreFilter,
        ("requested_on", DayRangeFilter),
    )
    search_help_text = "Customer, or the old or new value"
    decision_template = "back_office/decide_identity_request.html"
    change_form_outer_before_template = "back_office/identity_request.html"  # type: ignore[assignment]  # see the base class

    type_label = choice_column("type", "Kind of request", TYPE_COLORS)
    status_label = choice_column("status", "Status", STATUS_COLORS)
    has_decide_permission = permission_check("customers.decide_identityrequest")

    def other_matches(self, request: HttpRequest, term: str) -> Q:
        """By the beginning of the old or new value, former values included."""
        return matching_values(request, term, "old_value", "new_value")

    @display(description="New value", header=True)
    def value_change(self, request: IdentityRequest) -> list[str]:
        """The new value, and the old value."""
        return [request.new_text, gettext("was %(old_text)s") % {"old_text": request.old_text}]

    @display(description="Requested by", header=True)
    def requested_by_label(self, request: IdentityRequest) -> list[str]:
        """The actor, and the store."""
        return [actor_label(request.requested_by), str(request.store or "")]

    # --- one request

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        context.update(self.decision_context(request, context["original"]))
        return super().render_change_form(request, context, *args, **kwargs)

    def decision_context(self, request: HttpRequest, row: IdentityRequest) -> dict[str, Any]:
        """Both customers as they are now, and what may be done."""
        people = read_customers({pk for pk in (row.customer_id, row.other_id) if pk is not None})
        is_pending = row.status == Status.PENDING
        return {
            "identity_request": row,
            "person": people[row.customer_id],
            "other": people[row.other.pk] if row.other and is_in_sight(row.other) else None,
            "requested_by": actor_label(row.requested_by),
            "decided_by": actor_label(row.decided_by),
            "obstacle": self._obstacle(request, row) if is_pending else "",
            "may_decide": is_pending and self.has_decide_permission(request),
        }

    def _obstacle(self, request: HttpRequest, row: IdentityRequest) -> str:
        """The reason why the current user cannot approve the request, whatever their role; "" for none."""
        if row.requested_by == actor_of(request, self.organization_behind(row)).name:
            return gettext("You requested this change yourself: a colleague has to approve it.")
        if row.other and not is_in_sight(row.other):
            return gettext("The new value belongs to a customer of another store: a colleague who sees both has to approve it.")
        if row.other and not member_of(request).has_perm(MERGE_PERMISSION):
            return gettext("Approval would merge two customers: a colleague who may merge has to approve it.")
        return read_obstacle(row)

    # --- deciding

    def decision_subject(self, row: IdentityRequest) -> str:
        return f"{str(row)[:1].upper()}{str(row)[1:]}"

    def decision_form(self, request: HttpRequest, row: IdentityRequest, decision: Decision) -> DecisionForm:
        by = actor_of(request, self.organization_behind(row))
        return IdentityDecisionForm(request.POST or None, row=row, decision=decision, by=by)
