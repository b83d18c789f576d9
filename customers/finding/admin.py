"""Pages of the search box: the results, the hits as the user types, and the reduced card of another store's customer."""

from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from customers.finding.references import CardReference
from customers.statuses.admin.status import block_labels
from organizations.back_office.current_user import actor_of, member_of
from organizations.staff.reach import reach_of
from organizations.tenancy.models import Organization
from use_cases.finding import Findings, Seeker, find
from use_cases.reduced_card import open_reduced_card

# Customers below the box as the user types, and on the page of results.
SHOWN_WHILE_TYPING: Final = 8
SHOWN_ON_PAGE: Final = 50


@require_safe
def find_page(request: HttpRequest) -> HttpResponse:
    """The page of results; the page of the hit itself if the term names it beyond doubt."""
    findings = _find(request, request.GET.get("q", ""), limit=SHOWN_ON_PAGE)
    if findings.clear_hit is not None:
        return HttpResponseRedirect(findings.clear_hit.address)
    return _answer(
        request,
        "back_office/find.html",
        title=gettext("Find"),
        findings=findings,
        typed=request.GET.get("q", ""),
        has_own_find=True,
    )


@require_POST
def find_hits(request: HttpRequest) -> HttpResponse:
    """The hits below the box, as a piece of HTML. Posted, so that no address has what was typed."""
    findings = _find(request, request.POST.get("q", ""), limit=SHOWN_WHILE_TYPING)
    return TemplateResponse(request, "back_office/_hits.html", {"findings": findings})


@require_safe
def reduced_card(request: HttpRequest, reference: str) -> HttpResponse:
    """The reduced card of a customer of another store. The opening is written to the audit."""
    _check(request)
    organization = member_of(request).organization
    read = None
    if organization is not None:
        actor = actor_of(request, organization)
        read = CardReference.read(reference, actor=actor.name)
    card = open_reduced_card(read, by=actor) if read is not None else None
    if card is None:
        messages.warning(request, gettext("This link is no longer good. Please find the customer again."))
        return HttpResponseRedirect(reverse("find"))
    return _answer(
        request,
        "back_office/reduced_card.html",
        title=str(card.customer),
        card=card,
        label_blocks=block_labels(card.label) if card.label else [],
    )


def _find(request: HttpRequest, term: str, *, limit: int) -> Findings:
    _check(request)
    member = member_of(request)
    own = member.organization
    seeker = Seeker(
        organizations=[own] if own is not None else list(Organization.objects.all()),
        reach=reach_of(member),
        actor=actor_of(request, own) if own is not None else None,
    )
    return find(term, by=seeker, limit=limit)


def _check(request: HttpRequest) -> None:
    if not member_of(request).has_perm("customers.view_customer"):
        raise PermissionDenied


def _answer(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context}).render()
