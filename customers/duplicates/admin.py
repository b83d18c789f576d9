"""Likely duplicates: pairs of customers who may be one person, to be merged or dismissed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from unfold.decorators import display

from customers.back_office import CustomerRowsAdmin, identifier_line
from customers.duplicates.models import DuplicateCandidate
from customers.duplicates.services import dismiss_candidate
from customers.identifiers.models import Identifier
from customers.profile.admin.list import initials
from customers.profile.models import Customer
from organizations.back_office.columns import choice_column
from organizations.back_office.current_user import actor_of, in_own_stores, member_of
from organizations.back_office.filters import ChoiceFilter, NamedFilter
from organizations.back_office.history import actor_label
from organizations.back_office.pages import permission_check, row_view
from organizations.staff.sight import shown_identifier

Evidence = DuplicateCandidate.Evidence
Kind = Identifier.Kind
State = DuplicateCandidate.State
STATE_COLORS: Final[dict[str, str]] = {State.OPEN: "warning", State.DISMISSED: "info", State.MERGED: "success"}
_SIDES: Final = ("first", "second")


def _with_evidence(kind: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(evidence__contains=[kind])


class EvidenceFilter(NamedFilter):
    """By one kind of evidence."""

    title = parameter_name = "evidence"
    options = {str(kind): (str(kind.label), partial(_with_evidence, str(kind))) for kind in Evidence}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the comparison. `is_evidence`: it is what makes the two customers alike."""

    label: str
    first: str
    second: str
    is_evidence: bool


@admin.register(DuplicateCandidate)
class DuplicateCandidateAdmin(CustomerRowsAdmin):
    """Likely duplicates. `manage.py find_duplicates` finds them, staff decide."""

    customer_paths = ("first", "second")
    store_path = "first__registered_store"
    related = ("first__registered_store", "second__registered_store")
    fields = ()
    list_display = ("first_name", "second_name", "evidence_text", "state_label", "found_on")
    phone_lines = (("first_name", "state_label"), ("second_name", "evidence_text", "found_on"))
    list_display_links = ("first_name",)
    list_filter = (EvidenceFilter, ("state", ChoiceFilter))
    change_form_outer_before_template = "back_office/likely_duplicate.html"  # type: ignore[assignment]  # see the base class

    state_label = choice_column("state", "State", STATE_COLORS)
    has_decide_permission = permission_check("customers.judge_duplicatecandidate")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The pairs of which the current user may see both customers."""
        pairs = in_own_stores(super().get_queryset(request), request, "second__registered_store")
        current = Identifier.objects.filter(state=Identifier.State.CURRENT).order_by("-kind")
        return pairs.prefetch_related(*(Prefetch(f"{side}__identifiers", queryset=current) for side in _SIDES))

    @display(description="Customer", header=True)
    def first_name(self, pair: DuplicateCandidate) -> list[Any]:
        """The customer who registered first."""
        return _header(pair.first)

    @display(description="Possible duplicate", header=True)
    def second_name(self, pair: DuplicateCandidate) -> list[Any]:
        """The customer who registered later."""
        return _header(pair.second)

    @display(description="Evidence")
    def evidence_text(self, pair: DuplicateCandidate) -> str:
        """The evidence in words."""
        return "; ".join(_evidence(pair))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        pair: DuplicateCandidate = context["original"]
        context.update(
            title=gettext("%(first)s and %(second)s") % {"first": pair.first, "second": pair.second},
            evidence=_evidence(pair),
            lines=compare(pair),
            decided_by=actor_label(pair.decided_by),
            may_decide=pair.state == State.OPEN and self.has_decide_permission(request),
            may_merge=pair.state == State.OPEN and member_of(request).has_perm("customers.merge_customers"),
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<int:object_id>/dismiss/",
            self.admin_site.admin_view(self.dismiss_view),
            name="customers_duplicatecandidate_dismiss",
        )
        return [page, *super().get_urls()]

    @row_view("decide")
    def dismiss_view(self, request: HttpRequest, pair: DuplicateCandidate) -> HttpResponse:
        """Dismiss a pair: the button on its page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if dismiss_candidate(pair, by=actor_of(request, self.organization_behind(pair))):
            messages.success(
                request,
                gettext("Dismissed: %(first)s and %(second)s. They are not suggested again.")
                % {"first": pair.first, "second": pair.second},
            )
        else:
            messages.info(request, gettext("This pair was already decided. Nothing was changed."))
        return HttpResponseRedirect(reverse("admin:customers_duplicatecandidate_changelist"))


def compare(pair: DuplicateCandidate) -> list[Line]:
    """The two customers side by side."""
    first, second = _summary(pair.first), _summary(pair.second)
    evidence = {
        gettext("Name"): {Evidence.CARD, Evidence.SOURCE_ACCOUNT},
        gettext("Cards"): {Evidence.CARD},
        gettext("Profiles at other sources"): {Evidence.SOURCE_ACCOUNT},
        gettext("Mobile"): {Evidence.MOBILE},
        gettext("E-mail"): {Evidence.EMAIL},
    }
    return [Line(label, first[label], second[label], bool(evidence.get(label, set()) & set(pair.evidence))) for label in first]


def _summary(customer: Customer) -> dict[str, str]:
    """A customer in a few words, by label."""
    identifiers = {identifier.kind: identifier.value for identifier in customer.identifiers.all()}
    noted = [channel["value"] for channel in customer.comm_channels if channel["type"] == "CARD_NUMBER"]
    cards = [f"{card.number} ({card.get_status_display()})" for card in customer.cards.order_by("-pk")]
    return {
        gettext("Name"): str(customer),
        gettext("Mobile"): shown_identifier(Kind.MOBILE, identifiers.get(Kind.MOBILE, ""), customer_id=customer.pk),
        gettext("E-mail"): shown_identifier(Kind.EMAIL, identifiers.get(Kind.EMAIL, ""), customer_id=customer.pk),
        gettext("External id"): shown_identifier(
            Kind.EXTERNAL_ID, identifiers.get(Kind.EXTERNAL_ID, ""), customer_id=customer.pk
        ),
        gettext("Cards"): ", ".join([*cards, *(gettext("%(number)s (noted)") % {"number": number} for number in noted)]),
        gettext("Profiles at other sources"): ", ".join(map(str, customer.source_profiles.all())),
        gettext("Type"): customer.get_type_display(),
        gettext("Fraud"): customer.get_fraud_status_display(),
        gettext("Registered at"): str(customer.registered_store or ""),
    }


def _evidence(pair: DuplicateCandidate) -> Sequence[str]:
    return [str(Evidence(kind).label) for kind in pair.evidence]


def _header(customer: Customer) -> list[Any]:
    identifiers = identifier_line(customer)
    return [str(customer), identifiers or None, initials(customer)]
