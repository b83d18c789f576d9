"""Pages of a customer about merging: find the duplicate, see what would move, and merge."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext

from customers.back_office import identifier_list
from customers.identity_requests.admin.actions import IdentityActions
from customers.lookup.reads import read_customers
from customers.profile.models import Customer
from customers.registration.state import CustomerState
from customers.search.admin import matching_customers
from organizations.audit.actors import Actor
from organizations.back_office.columns import link_to
from organizations.back_office.current_user import actor_of
from organizations.back_office.forms import ActionForm, ReasonField
from organizations.back_office.pages import page_of, permission_check, row_page, row_view
from organizations.back_office.refusals import notice_sentence
from organizations.back_office.tables import Table, table, with_note
from use_cases.merging import CONSTRAINTS, MERGE_PERMISSION, Merged, MergeRefusedError, merge_customers, preview_merge

CANDIDATES: Final = 20


class MergeForm(ActionForm):
    """The reason for a merge of `victim` into `survivor`."""

    refusals = (MergeRefusedError,)
    constraints = CONSTRAINTS

    reason = ReasonField(help_text="How you know that the two are one person. Kept with the merge.")

    merged: Merged

    def __init__(self, *args: Any, survivor: Customer, victim: Customer, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.survivor, self.victim, self.by = survivor, victim, by

    def act(self) -> None:
        reason = self.cleaned_data["reason"]
        self.merged = merge_customers(survivor=self.survivor.pk, victim=self.victim.pk, by=self.by, reason=reason)


class MergeActions(IdentityActions):
    """The page *Merge* of a customer, and the page that merges two customers."""

    actions_detail: Sequence[str] = (*IdentityActions.actions_detail, "find_duplicate")

    has_merge_permission = permission_check(MERGE_PERMISSION)

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<int:object_id>/merge/<int:victim_id>/",
            self.admin_site.admin_view(self.merge_view),
            name="customers_customer_merge",
        )
        return [page, *super().get_urls()]

    @row_page("Merge", address="merge", icon="merge", permission="merge")
    def find_duplicate(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The page that searches for the other account of the same person."""
        term = request.GET.get("q", "")
        others = self.get_queryset(request).filter(merged_into=None).exclude(pk=customer.pk)
        matches = others.filter(pk__in=matching_customers(request, term)).order_by("pk")[:CANDIDATES] if term else []
        return self.answer_page(
            request,
            "back_office/find_duplicate.html",
            title=gettext("Merge: %(customer)s") % {"customer": customer},
            original=customer,
            term=term,
            matches=self._matches_table(customer, read_customers([match.pk for match in matches]).values()),
        )

    @staticmethod
    def _matches_table(survivor: Customer, people: Iterable[CustomerState]) -> Table:
        rows = [
            (
                with_note(link_to(person.customer), gettext("customer %(customer)s") % {"customer": person.customer.pk}),
                identifier_list(person.identifiers, customer_id=person.customer.pk),
                person.customer.registered_on,
                format_html(
                    '<a class="bo-button" href="{}">{}</a>',
                    reverse("admin:customers_customer_merge", args=[survivor.pk, person.customer.pk]),
                    gettext("Compare"),
                ),
            )
            for person in people
        ]
        return table("Matches", ("Customer", "Identifiers", "Registered on", ""), rows, empty="No other customer matches.")

    @row_view("merge")
    def merge_view(self, request: HttpRequest, survivor: Customer, victim_id: int) -> HttpResponse:
        """The page that shows what would move, and merges; for users who see both customers."""
        victim = self.get_object(request, str(victim_id))
        if victim is None:
            return self.answer_unknown(request, str(victim_id))
        by = actor_of(request, self.organization_behind(survivor))
        form = MergeForm(request.POST or None, survivor=survivor, victim=victim, by=by)
        if form.run():
            for notice in form.merged.notices:
                messages.warning(request, notice_sentence(notice))
            messages.success(
                request,
                format_html(
                    '{} <a class="bo-link" data-dialog href="{}">{}</a>',
                    gettext("Customer %(victim)s was merged into %(survivor)s.") % {"victim": victim.pk, "survivor": survivor},
                    reverse("admin:customers_merge_undo", args=[form.merged.merge.pk]),
                    gettext("Undo merge"),
                ),
            )
            return HttpResponseRedirect(page_of(survivor))
        people = read_customers([survivor.pk, victim.pk])
        return self.answer_page(
            request,
            "back_office/merge.html",
            title=gettext("Merge two customers"),
            original=survivor,
            survivor=people[survivor.pk],
            victim=people[victim.pk],
            preview=preview_merge(survivor=people[survivor.pk], victim=people[victim.pk]),
            form=form,
            submit=gettext("Merge"),
            swapped=reverse("admin:customers_customer_merge", args=[victim.pk, survivor.pk]),
        )
