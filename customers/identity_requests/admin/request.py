"""Which identifiers are to be changed, and shall they? The queue of requests, and the page on which one is decided."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import Error
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from customers.identity_requests.models import IdentityRequest
from customers.lookup.reads import read_customers
from customers.profile.models import Customer
from customers.search.admin import matching_customers, matching_values
from loyalty_project.protocol.errors import LoyaltyError
from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.current_user import actor_of, member_of, work_for
from organizations.back_office.filters import DayRangeFilter, StoreFilter
from organizations.back_office.forms import ReasonField
from organizations.back_office.history import actor_label
from organizations.back_office.pages import page_of
from organizations.back_office.refusals import refusal_of, sentence_of
from use_cases.identity import DecisionRefusedError, approve_request, read_obstacle, reject_request

Status = IdentityRequest.Status
Type = IdentityRequest.Type
STATUS_LABELS: Final[dict[str, str]] = {Status.PENDING: "warning", Status.APPROVED: "success", Status.REJECTED: "danger"}
TYPE_LABELS: Final[dict[str, str]] = {Type.CHANGE_IDENTIFIER: "info", Type.MERGE: "danger"}


class DecisionForm(forms.Form):
    """Why it is decided so. Who refuses has to say it."""

    reason = ReasonField(help_text="Stands with the request and in the history for good.")

    def __init__(self, *args: Any, is_refusal: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = is_refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One way to decide: what the button says, what is done, and how it is told afterwards."""

    button: str
    done: str
    decide: Callable[..., IdentityRequest]
    is_refusal: bool


DECISIONS: Final[Mapping[str, Decision]] = {
    "approve": Decision(button="Approve", done="approved", decide=approve_request, is_refusal=False),
    "reject": Decision(button="Reject", done="rejected", decide=reject_request, is_refusal=True),
}


class CustomerFilter(DropdownFilter):
    """By the customer from whose page somebody comes, on either side; there are too many to choose from."""

    title = "customer"
    parameter_name = "customer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        given = request.GET.get(self.parameter_name, "")
        customer = model_admin.admin_site.get_model_admin(Customer).get_object(request, given) if given.isdecimal() else None
        return [(str(customer.pk), str(customer))] if customer else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's signature
        value = self.value()
        return queryset.filter(Q(customer_id=int(value)) | Q(other_id=int(value))) if value else queryset


@admin.register(IdentityRequest)
class IdentityRequestAdmin(ReadOnlyAdmin):
    """Requests, those that wait first. Nothing of one is edited: it is approved or rejected, on a page of its own."""

    store_path = "customer__registered_store"
    related: ClassVar[tuple[str, ...]] = ("customer", "other", "store", "till")
    # Nobody counts millions of rows to show fifty.
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = ()
    list_display = ("told_change", "kind", "told_customer", "told_type", "told_status", "requested_on", "told_maker")
    list_display_links = ("told_change",)
    list_filter = (
        CustomerFilter,
        ("status", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("type", ChoicesDropdownFilter),
        StoreFilter,
        ("requested_on", DayRangeFilter),
    )
    search_fields = ("new_value",)
    search_help_text = "Customer, or the old or new value"
    change_form_outer_before_template = "back_office/identity_request.html"  # type: ignore[assignment]  # see the base class

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whether whoever is logged in may decide requests."""
        return member_of(request).has_perm("customers.decide_identityrequest")

    # --- the list

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """By either customer, as in the list of customers, or by the beginning of a value, former ones included."""
        if not search_term.strip():
            return queryset, False
        customers = matching_customers(request, search_term)
        found = Q(customer__in=customers) | Q(other__in=customers)
        return queryset.filter(found | matching_values(request, search_term, "old_value", "new_value")), False

    @display(description="New value", header=True)
    def told_change(self, request: IdentityRequest) -> list[str]:
        """The new value, and the old one."""
        return [request.new_value, f"was {request.old_value}"]

    @display(description="Customer")
    def told_customer(self, request: IdentityRequest) -> SafeString:
        """Whose it is, with the way to the customer's page."""
        url = page_of(request.customer)
        return format_html('<a class="text-link" href="{}">{}</a>', url, request.customer)

    @display(description="Kind of request", label=TYPE_LABELS)
    def told_type(self, request: IdentityRequest) -> tuple[str, str]:
        """Whether another account would be merged."""
        return request.type, request.get_type_display()

    @display(description="Status", label=STATUS_LABELS)
    def told_status(self, request: IdentityRequest) -> tuple[str, str]:
        """What became of it."""
        return request.status, request.get_status_display()

    @display(description="Asked by", header=True)
    def told_maker(self, request: IdentityRequest) -> list[str]:
        """Who asked, and where."""
        return [actor_label(request.requested_by), str(request.store or "")]

    # --- the page of one

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        context.update(self._about(request, context["original"]))
        return super().render_change_form(request, context, *args, **kwargs)

    def _about(self, request: HttpRequest, row: IdentityRequest) -> dict[str, Any]:
        """Both sides as they are now, and what may be done."""
        people = read_customers({pk for pk in (row.customer_id, row.other_id) if pk is not None})
        is_pending = row.status == Status.PENDING
        hindrance = self._hindrance(request, row) if is_pending else ""
        return {
            "identity_request": row,
            "person": people[row.customer_id],
            "other": people[row.other_id] if row.other_id and self._sees(request, row.other_id) else None,
            "maker": actor_label(row.requested_by),
            "decider": actor_label(row.decided_by),
            "hindrance": hindrance,
            "may_decide": is_pending and self.has_decide_permission(request),
        }

    def _hindrance(self, request: HttpRequest, row: IdentityRequest) -> str:
        """Why whoever is logged in cannot approve it, whatever their role; "" for no reason."""
        if row.requested_by == actor_of(request, self.organization_behind(row)).name:
            return "You asked for this yourself: somebody else has to approve it."
        if row.other_id and not self._sees(request, row.other_id):
            return "The new value belongs to a customer of another store: somebody who sees both has to approve it."
        return read_obstacle(row)

    def _sees(self, request: HttpRequest, customer_id: int) -> bool:
        """Whether whoever is logged in may see this customer."""
        room: Any = self.admin_site.get_model_admin(Customer)
        return bool(room.get_queryset(request).filter(pk=customer_id).exists())

    # --- deciding

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<int:object_id>/decide/<str:verb>/",
            self.admin_site.admin_view(self.decide_view),
            name="customers_identityrequest_decide",
        )
        return [page, *super().get_urls()]

    def decide_view(self, request: HttpRequest, object_id: int, verb: str) -> HttpResponse:
        """The page on which a request is approved or rejected; for those who may decide."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        if verb not in DECISIONS:
            raise Http404
        row: IdentityRequest | None = self.get_object(request, str(object_id))
        if row is None:
            return self.answer_unknown(request, str(object_id))
        with work_for(request, self.organization_behind(row)):
            decision = DECISIONS[verb]
            form = DecisionForm(request.POST or None, is_refusal=decision.is_refusal)
            back = page_of(row)
            if request.method == "POST" and form.is_valid() and self._decide(request, row, decision, form):
                return HttpResponseRedirect(back)
            return self.answer_page(
                request,
                "back_office/decide_identity_request.html",
                title=f"{decision.button}: {row}",
                original=row,
                back=back,
                decision=decision,
                form=form,
                **self._about(request, row),
            )

    def _decide(self, request: HttpRequest, row: IdentityRequest, decision: Decision, form: DecisionForm) -> bool:
        """Decide it; whether that succeeded. What is refused is told above the form."""
        by = actor_of(request, self.organization_behind(row))
        if row.other_id and not decision.is_refusal and not self._sees(request, row.other_id):
            raise PermissionDenied
        try:
            decision.decide(row.pk, reason=form.cleaned_data["reason"], by=by)
        except DecisionRefusedError as refusal:
            form.add_error(None, str(refusal))
        except (LoyaltyError, Error) as error:
            form.add_error(None, sentence_of(refusal_of(error, {})))
        else:
            messages.success(request, f"{str(row)[:1].upper()}{str(row)[1:]} is {decision.done}.")
        return form.is_valid()
