"""How do staff make one customer of two? They find the other one, look at what would move, and say why."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from customers.identity_requests.admin.actions import IdentityActions
from customers.lookup.reads import read_customers
from customers.profile.models import Customer
from customers.search.admin import matching_customers
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor
from organizations.back_office.current_user import actor_of, member_of, work_for
from organizations.back_office.forms import ReasonField
from organizations.back_office.pages import page_action, page_of
from organizations.back_office.refusals import refusal_of, sentence_of
from use_cases.merging import CONSTRAINTS, Merged, MergeRefusedError, merge_customers, preview_merge

CANDIDATES: Final = 20


class MergeForm(forms.Form):
    """Why two customers are one. `save` merges them, or says why not."""

    reason = ReasonField(help_text="How you know that the two are one person. Stands with the merge for good.")

    def save(self, *, survivor: Customer, victim: Customer, by: Actor) -> Merged | None:
        """The merge; None where it is refused, which is told above the form."""
        try:
            return merge_customers(survivor=survivor.pk, victim=victim.pk, by=by, reason=self.cleaned_data["reason"])
        except MergeRefusedError as refusal:
            self.add_error(None, str(refusal))
        except (LoyaltyError, Error) as error:
            self.add_error(None, sentence_of(refusal_of(error, CONSTRAINTS)))
        return None


class MergeActions(IdentityActions):
    """The two pages beside the customer's own; part of the room of customers."""

    actions_detail: Sequence[str] = (*IdentityActions.actions_detail, "find_twin")

    def has_merge_permission(self, request: HttpRequest, object_id: Any = None) -> bool:  # noqa: ARG002 - as Django's has_..._permission
        """Whether whoever is logged in may merge customers."""
        return member_of(request).has_perm("customers.merge_customers")

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<int:survivor_id>/merge/<int:victim_id>/",
            self.admin_site.admin_view(self.merge_view),
            name="customers_customer_merge",
        )
        return [page, *super().get_urls()]

    @page_action("Merge", address="merge", icon="merge", permission="merge")
    def find_twin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page on which the other account of the same person is looked for."""
        customer = self.get_object(request, unquote(object_id))
        if customer is None:
            return self.answer_unknown(request, object_id)
        with work_for(request, self.organization_behind(customer)):
            term = request.GET.get("q", "")
            others = self.get_queryset(request).filter(merged_into=None).exclude(pk=customer.pk)
            found = list(others.filter(pk__in=matching_customers(request, term)).order_by("pk")[:CANDIDATES]) if term else []
            return self.answer_page(
                request,
                "back_office/find_twin.html",
                title=f"Merge: {customer}",
                original=customer,
                back=page_of(customer),
                term=term,
                people=list(read_customers([one.pk for one in found]).values()),
            )

    def merge_view(self, request: HttpRequest, survivor_id: int, victim_id: int) -> HttpResponse:
        """The page that shows what would move, and on which it is done; for those who may merge, and see both."""
        if not self.has_merge_permission(request):
            raise PermissionDenied
        survivor, victim = (self.get_object(request, str(pk)) for pk in (survivor_id, victim_id))
        if survivor is None or victim is None or survivor.organization_id != victim.organization_id:
            return self.answer_unknown(request, str(survivor_id if survivor is None else victim_id))
        organization = self.organization_behind(survivor)
        with work_for(request, organization):
            form = MergeForm(request.POST or None)
            by = actor_of(request, organization)
            if request.method == "POST" and form.is_valid() and (done := form.save(survivor=survivor, victim=victim, by=by)):
                for notice in done.notices:
                    messages.warning(request, f"{notice.text} ({int(notice.code)})")
                messages.success(request, f"Customer {victim.pk} is part of {survivor} now.")
                return HttpResponseRedirect(page_of(survivor))
            people = read_customers([survivor.pk, victim.pk])
            return self.answer_page(
                request,
                "back_office/merge.html",
                title="Merge two customers",
                original=survivor,
                back=page_of(survivor),
                survivor=people[survivor.pk],
                victim=people[victim.pk],
                preview=preview_merge(survivor=people[survivor.pk], victim=people[victim.pk]),
                form=form,
                swapped=reverse("admin:customers_customer_merge", args=[victim.pk, survivor.pk]),
            )
