"""Who may be registered twice? Pairs of customers with what speaks for them, to be merged or told apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from customers.duplicates.models import DuplicateCandidate
from customers.duplicates.services import dismiss_candidate
from customers.identifiers.models import Identifier
from customers.profile.admin.customer import initials
from customers.profile.models import Customer
from customers.search.admin import matching_customers
from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.current_user import actor_of, member_of, own_stores, work_for
from organizations.back_office.history import actor_label

Evidence = DuplicateCandidate.Evidence
Kind = Identifier.Kind
State = DuplicateCandidate.State
_SIDES: Final = ("first", "second")


class EvidenceFilter(DropdownFilter):
    """By one kind of what speaks for a pair, whatever else does."""

    title = "evidence"
    parameter_name = "evidence"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return list(Evidence.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's signature
        return queryset.filter(evidence__contains=[self.value()]) if self.value() in Evidence.values else queryset


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the comparison. `speaks`: this is what makes the two alike."""

    label: str
    first: str
    second: str
    speaks: bool


@admin.register(DuplicateCandidate)
class DuplicateCandidateAdmin(ReadOnlyAdmin):
    """Likely duplicates. `manage.py find_duplicates` finds them, staff decide."""

    store_path = "first__registered_store"
    related = ("first__registered_store", "second__registered_store")
    # Nobody counts millions of rows to show fifty.
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = ()
    list_display = ("told_first", "told_second", "told_evidence", "told_state", "found_on")
    list_display_links = ("told_first",)
    list_filter = (EvidenceFilter, ("state", ChoicesDropdownFilter))
    search_fields = ("pk",)
    search_help_text = "Customer: mobile, e-mail, id, card or name"
    change_form_outer_before_template = "back_office/likely_duplicate.html"  # type: ignore[assignment]  # see the base class

    # --- the list

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The pairs of which whoever is logged in may see both customers."""
        pairs = super().get_queryset(request)
        if own := own_stores(request):
            pairs = pairs.filter(second__registered_store__in=own)
        current = Identifier.objects.filter(state=Identifier.State.CURRENT).order_by("-kind")
        return pairs.prefetch_related(*(Prefetch(f"{side}__identifiers", queryset=current) for side in _SIDES))

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """The pairs of the customers whom the term may mean (`customers.search.staff`)."""
        if not search_term.strip():
            return queryset, False
        meant = matching_customers(request, search_term)
        return queryset.filter(first__in=meant) | queryset.filter(second__in=meant), False

    @display(description="Customer", header=True)
    def told_first(self, pair: DuplicateCandidate) -> list[Any]:
        """The one who registered first."""
        return _told(pair.first)

    @display(description="Perhaps the same", header=True)
    def told_second(self, pair: DuplicateCandidate) -> list[Any]:
        """The other one."""
        return _told(pair.second)

    @display(description="What speaks for it")
    def told_evidence(self, pair: DuplicateCandidate) -> str:
        """The evidence in words."""
        return "; ".join(_evidence(pair))

    @display(description="State", label={State.OPEN: "warning", State.DISMISSED: "info", State.MERGED: "success"})
    def told_state(self, pair: DuplicateCandidate) -> tuple[str, str]:
        """What became of it, coloured."""
        return pair.state, pair.get_state_display()

    # --- the page of a pair

    def has_judge_permission(self, request: HttpRequest) -> bool:
        """Whether whoever is logged in may say what becomes of pairs."""
        return member_of(request).has_perm("customers.judge_duplicatecandidate")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        pair: DuplicateCandidate = context["original"]
        context.update(
            title=f"{pair.first} and {pair.second}",
            evidence=_evidence(pair),
            lines=compare(pair),
            decided_by=actor_label(pair.decided_by),
            may_judge=pair.state == State.OPEN and self.has_judge_permission(request),
            may_merge=pair.state == State.OPEN and member_of(request).has_perm("customers.merge_customers"),
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<int:pair_id>/dismiss/",
            self.admin_site.admin_view(self.dismiss_view),
            name="customers_duplicatecandidate_dismiss",
        )
        return [page, *super().get_urls()]

    def dismiss_view(self, request: HttpRequest, pair_id: int) -> HttpResponse:
        """They are not the same person: the button on the page of a pair."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_judge_permission(request):
            raise PermissionDenied
        pair = self.get_object(request, str(pair_id))
        if pair is None:
            return self.answer_unknown(request, str(pair_id))
        organization = self.organization_behind(pair)
        with work_for(request, organization):
            is_dismissed = dismiss_candidate(pair, by=actor_of(request, organization))
        if is_dismissed:
            messages.success(request, f"Not the same person: {pair.first} and {pair.second}. They are not suggested again.")
        else:
            messages.info(request, "Somebody has decided on this pair already. Nothing has changed.")
        return HttpResponseRedirect(reverse("admin:customers_duplicatecandidate_changelist"))


def compare(pair: DuplicateCandidate) -> list[Line]:
    """What is known of both, side by side."""
    first, second = _known(pair.first), _known(pair.second)
    speaking = {
        "Name": {Evidence.CARD, Evidence.SOURCE_ACCOUNT},
        "Cards": {Evidence.CARD},
        "Profiles at other sources": {Evidence.SOURCE_ACCOUNT},
        "Mobile": {Evidence.MOBILE},
        "E-mail": {Evidence.EMAIL},
    }
    return [Line(label, first[label], second[label], bool(speaking.get(label, set()) & set(pair.evidence))) for label in first]


def _known(customer: Customer) -> dict[str, str]:
    """By label, what a customer's page tells at greater length."""
    identifiers = {one.kind: one.value for one in customer.identifiers.all()}
    noted = [one["value"] for one in customer.comm_channels if one["type"] == "CARD_NUMBER"]
    cards = [f"{one.number} ({one.get_status_display()})" for one in customer.cards.order_by("-pk")]
    return {
        "Name": customer.full_name,
        "Mobile": identifiers.get(Kind.MOBILE, ""),
        "E-mail": identifiers.get(Kind.EMAIL, ""),
        "External id": identifiers.get(Kind.EXTERNAL_ID, ""),
        "Cards": ", ".join([*cards, *(f"{number} (noted)" for number in noted)]),
        "Profiles at other sources": ", ".join(map(str, customer.source_profiles.all())),
        "Type": customer.get_type_display(),
        "Fraud": customer.get_fraud_status_display(),
        "Registered at": str(customer.registered_store or ""),
    }


def _evidence(pair: DuplicateCandidate) -> Sequence[str]:
    return [str(Evidence(kind).label) for kind in pair.evidence]


def _told(customer: Customer) -> list[Any]:
    identifiers = " · ".join(one.value for one in customer.identifiers.all())
    return [customer.full_name or f"Customer {customer.pk}", identifiers or None, initials(customer)]
