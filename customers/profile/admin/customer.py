"""Customers: the list, and the page of one with everything that belongs to the customer."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from customers.back_office import CustomerHistoryAdmin
from customers.erasure.admin import ErasureActions
from customers.identifiers.models import Identifier
from customers.identifiers.values import identifier_text
from customers.identity_requests.admin.actions import report_request
from customers.merging.admin.actions import MergeActions
from customers.profile.admin.form import customer_form
from customers.profile.admin.form_fields import CATEGORIES, FormOptions, customer_fieldsets
from customers.profile.admin.tables import customer_tables
from customers.profile.models import Customer
from customers.search.admin import matching_customers
from customers.segments.models import SegmentPartition
from customers.sources.values import SOURCES
from customers.statuses.admin.actions import StatusActions, may_set_status
from customers.statuses.admin.status import block_labels
from customers.statuses.models import CustomerStatus
from customers.statuses.rules import label_of
from organizations.audit.models import AuditEntry
from organizations.back_office.columns import choice_column, link_to, value_column
from organizations.back_office.current_user import actor_of, member_of, organization_of, own_stores
from organizations.back_office.filters import ChoiceFilter, DayRangeFilter, NamedFilter, RelatedRowFilter, Rows, StoreFilter
from organizations.back_office.history import actor_label, history_rows, value_label
from organizations.back_office.refusals import notice_sentence
from organizations.card_series.models import CardSeries
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store, Till
from use_cases.active_customers import BoughtFilter
from use_cases.corrections import Correction
from use_cases.customer_page import panels_of, read_customer_page

_OPTIONS: Final = "_customer_form_options"
_FIELDS: Final = "_customer_fields"
_REQUESTED_ONLY: Final = "_customer_requests_only"
HISTORY_SHOWN: Final = 25
TYPE_COLORS: Final[dict[str, str]] = {
    Customer.Type.LOYALTY: "success",
    Customer.Type.NON_LOYALTY: "info",
    Customer.Type.NOT_INTERESTED: "warning",
}


class RegisteredStoreFilter(StoreFilter):
    """By the store where the customer registered."""

    parameter_name = path = "registered_store"


class SourceFilter(NamedFilter):
    """By source. The sources are a fixed list, so no query asks for them."""

    title = parameter_name = "source"
    options = {source: (source, partial(QuerySet.filter, source=source)) for source in sorted(SOURCES)}


class PartitionFilter(RelatedRowFilter):
    """By the partition of a segment that customers are in."""

    title, parameter_name = "segment", "partition"
    path = "segments__partition"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:  # noqa: ARG002 - as in the base class
        active = SegmentPartition.objects.filter(is_active=True, segment__is_active=True)
        rows = active.order_by("segment__name", "position", "name").values_list("pk", "segment__name", "name")
        return [(pk, f"{segment}: {name}") for pk, segment, name in rows]


class MergedFilter(NamedFilter):
    """Merged customers are hidden unless asked for."""

    title = parameter_name = "merged"
    options = {
        "yes": ("merged customers", lambda rows: rows.exclude(merged_into=None)),
        "all": ("all customers", lambda rows: rows),
    }

    @staticmethod
    def unfiltered(rows: Rows) -> Rows:
        return rows.filter(merged_into=None)


class StatusFilter(RelatedRowFilter):
    """By lifecycle status."""

    title = parameter_name = "status"
    path = "status_label"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:  # noqa: ARG002 - as in the base class
        return CustomerStatus.objects.values_list("pk", "label")


@admin.register(Customer)
class CustomerAdmin(CustomerHistoryAdmin, MergeActions, StatusActions, ErasureActions):  # type: ignore[misc]  # stubs and Unfold disagree on what bases share
    """Customers. Adding and changing use the registration use case, like the calls of tills."""

    store_path = "registered_store"
    related = ("registered_store", "status_label")
    # A list shows fifty of possibly millions of rows and does not count the rest.
    paginator = InfinitePaginator
    show_full_result_count = False
    list_display = ("name_header", "mobile", "email", "external_id", "type_label", "registered_on", "store")
    list_display_links = ("name_header",)
    list_filter = (
        ("type", ChoiceFilter),
        RegisteredStoreFilter,
        ("registered_on", DayRangeFilter),
        ("bills__billed_at", BoughtFilter),
        StatusFilter,
        ("fraud_status", ChoiceFilter),
        SourceFilter,
        PartitionFilter,
        MergedFilter,
    )
    search_fields = ("identifiers__value",)
    search_help_text = "Mobile, e-mail, id, card or name"
    sortable_by = ()
    ordering = ("-pk",)
    actions = ()
    actions_detail: Sequence[str] = (
        *MergeActions.actions_detail, *StatusActions.actions_detail, *ErasureActions.actions_detail,
    )  # fmt: skip
    change_form_outer_before_template = "back_office/customer_header.html"  # type: ignore[assignment]  # see the base class
    change_form_outer_after_template = "back_office/customer_details.html"  # type: ignore[assignment]

    type_label = choice_column("type", "Type", TYPE_COLORS)
    store = value_column("registered_store", "Store")

    # --- the list

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        current = Identifier.objects.filter(state=Identifier.State.CURRENT).order_by("-kind")
        return super().get_queryset(request).prefetch_related(Prefetch("identifiers", queryset=current))

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """By any identifier, card or name (`customers.search.staff`)."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=matching_customers(request, search_term)), False

    @display(description="Name", header=True)
    def name_header(self, customer: Customer) -> list[Any]:
        """The name, with initials in a circle."""
        return [customer.full_name or f"Customer {customer.pk}", None, initials(customer)]

    @display(description="Mobile")
    def mobile(self, customer: Customer) -> str | None:
        """The current mobile number."""
        return _identifier(customer, Identifier.Kind.MOBILE)

    @display(description="E-mail")
    def email(self, customer: Customer) -> str | None:
        """The current e-mail address."""
        return _identifier(customer, Identifier.Kind.EMAIL)

    @display(description="External id")
    def external_id(self, customer: Customer) -> str | None:
        """The current external id."""
        return _identifier(customer, Identifier.Kind.EXTERNAL_ID)

    # --- the form

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: ARG002, FBT001, FBT002 - Django's signature
        return customer_form(self._form_options(request), is_new=obj is None)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return []
        return customer_fieldsets(self._form_options(request), is_new=obj is None)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002 - Django's signature
        return ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:  # noqa: ARG002 - Django's signature
        """Report the identity requests and warnings of the use case, which has saved everything."""
        correction: Correction | None = form.correction
        if correction is None:
            return
        for notice in correction.notices:
            messages.warning(request, notice_sentence(notice))
        for identity_request in correction.requests:
            report_request(request, identity_request)
        setattr(request, _REQUESTED_ONLY, not correction.is_stored)

    def message_user(self, request: HttpRequest, message: Any, *args: Any, **kwargs: Any) -> None:
        """Show Django's message that the customer was changed, unless only requests were made, which are reported."""
        if not getattr(request, _REQUESTED_ONLY, False):
            super().message_user(request, message, *args, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Do nothing: the registration use case has saved everything, the audit included."""

    def _form_options(self, request: HttpRequest) -> FormOptions:
        """What the form needs to know, read once per page."""
        known: FormOptions | None = getattr(request, _OPTIONS, None)
        organization = organization_of(request)
        if known is not None and known.organization == organization:
            return known
        assert organization is not None  # noqa: S101 - the base class asks for one before any form
        own = own_stores(request)
        stores, tills = Store.objects.filter(is_active=True), Till.objects.filter(is_active=True)
        options = FormOptions(
            organization=organization,
            actor=actor_of(request, organization),
            fields=[definition for definition in _definitions(request) if definition.is_active],
            stores=list((stores.filter(pk__in=own) if own else stores).order_by("name")),
            tills=list((tills.filter(store__in=own) if own else tills).select_related("store").order_by("code")),
            series=list(CardSeries.objects.filter(is_active=True, generates=True)),
            visible=self.get_queryset(request),
            needs_store=bool(own),
            may_set_fraud=may_set_status(request) and not organization.policy.lifecycle_status,
            may_request=self.has_request_permission(request),
        )
        setattr(request, _OPTIONS, options)
        return options

    # --- one customer

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        if context.get("original") is not None:
            context.update(self._page_context(request, context["original"]))
        return super().render_change_form(request, context, *args, **kwargs)

    def _page_context(self, request: HttpRequest, customer: Customer) -> dict[str, Any]:
        organization = self._form_options(request).organization
        definitions = _definitions(request)
        cards = list(customer.cards.select_related("series").order_by("-pk"))
        names = {f"field_values.{definition.pk}": definition.name for definition in definitions}
        label = label_of(customer, organization.policy)
        survivor = customer.merged_into
        return {
            "customer": customer,
            "label": label,
            "label_blocks": block_labels(label) if label else [],
            "status_set_by": actor_label(customer.status_changed_by if label else customer.fraud_marked_by),
            "loyalty": read_customer_page(customer, organization=organization),
            "currency": organization.currency,
            "merged_into": link_to(survivor, f"{survivor}, customer {survivor.pk}") if survivor else "",
            "initials": initials(customer),
            "inherited": list(Identifier.objects.filter(customer=customer, state=Identifier.State.MERGED)),
            "identifiers": list(customer.identifiers.all()),
            "field_rows": [
                (definition.name, value_label(value))
                for definition in definitions
                if (value := customer.value_of(definition.pk)) is not None
            ],
            "tables": [
                *customer_tables(customer, cards=cards, user=member_of(request)),
                *panels_of(customer, organization=organization, seen_by=member_of(request)),
            ],
            "history": history_rows(
                self.readable_entries(self._entries(customer, [card.pk for card in cards])[:HISTORY_SHOWN]), names
            ),
        }

    def history_of(self, row: Customer) -> QuerySet[AuditEntry]:
        """The audit entries about the customer and the customer's cards."""
        return self._entries(row, list(row.cards.values_list("pk", flat=True)))

    def _entries(self, customer: Customer, cards: Iterable[int]) -> QuerySet[AuditEntry]:
        about = Q(object_type="customer", object_id=customer.pk)
        if cards:
            about |= Q(object_type="card", object_id__in=cards)
        return AuditEntry.objects.filter(about).order_by("-id")


def initials(customer: Customer) -> str:
    """The customer's initials, at most two letters."""
    return "".join(name[:1] for name in (customer.firstname, customer.lastname)).upper() or "?"


def _identifier(customer: Customer, kind: str) -> str | None:
    values = (identifier.value for identifier in customer.identifiers.all() if identifier.kind == kind)
    return next((identifier_text(kind, value) for value in values), None)


def _definitions(request: HttpRequest) -> list[FieldDefinition]:
    """All fields of customers, inactive ones included, read once per page."""
    known: list[FieldDefinition] | None = getattr(request, _FIELDS, None)
    if known is None:
        known = list(FieldDefinition.objects.filter(category__in=CATEGORIES))
        setattr(request, _FIELDS, known)
    return known
