"""Rehearsals: how far a worker is, and then the draft beside the rules of today."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import display

from customers.profile.models import Customer
from engagement.programs.changes import changed_sentences
from engagement.programs.rules import ProgramRules
from engagement.rehearsal.descriptions import Row, headline, rows_of, rule_rows, tier_rows
from engagement.rehearsal.models import Rehearsal
from organizations.back_office.base import ReadOnlyAdmin, rendered
from organizations.back_office.columns import actor_column, link_column
from organizations.back_office.history import actor_label
from organizations.back_office.pages import row_view
from organizations.back_office.tables import Table, number, strong, table


@admin.register(Rehearsal)
class RehearsalAdmin(ReadOnlyAdmin):
    """Rehearsals, which are asked for on the page of a program. They are removed after 30 days."""

    related = ("program",)
    fields = ()
    has_history = False
    list_display = ("label", "program_link", "state_label", "days", "requested_at", "requested_by_label")
    list_display_links = ("label",)
    change_form_outer_before_template = "back_office/rehearsal.html"  # type: ignore[assignment]  # see the base class
    empty_text = "Nothing was rehearsed in the last 30 days. Open a program, change its rules, and press Rehearse."

    program_link = link_column("program", "Program")
    requested_by_label = actor_column("requested_by")

    @display(description="Rehearsal")
    def label(self, rehearsal: Rehearsal) -> str:
        """Its number."""
        return f"{rehearsal.pk:,}"

    @display(description="State", label={"finished": "success", "under way": "info"})
    def state_label(self, rehearsal: Rehearsal) -> str:
        """Whether it is finished."""
        return "finished" if rehearsal.finished_at else "under way"

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<int:object_id>/progress/",
            self.admin_site.admin_view(self.progress_view),
            name="engagement_rehearsal_progress",
        )
        return [page, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        context.update(self._context(request, context["original"]))
        return super().render_change_form(request, context, *args, **kwargs)

    @row_view("view")
    def progress_view(self, request: HttpRequest, rehearsal: Rehearsal) -> HttpResponse:
        """How far it is, or its result, as a fragment of its page."""
        context = {"original": rehearsal, **self._context(request, rehearsal)}
        return rendered(TemplateResponse(request, "back_office/_rehearsal.html", context))

    def _context(self, request: HttpRequest, rehearsal: Rehearsal) -> dict[str, Any]:
        shared = {
            "percent": 100 * rehearsal.done // rehearsal.total if rehearsal.total else 0,
            "requested_by": actor_label(rehearsal.requested_by),
            "is_under_way": rehearsal.finished_at is None,
        }
        if not rehearsal.result:
            return shared
        result = rehearsal.result
        currency = self.organization_behind(rehearsal).currency
        return {
            **shared,
            "result": result,
            "headline": headline(result, currency=currency),
            "changes": self._changes(rehearsal, currency),
            "tables": [
                _compared("Points and liability", "Figure", rows_of(result, currency=currency)),
                _compared("Points by rule", "Rule", rule_rows(result), empty="No rule gave points."),
                _compared("Members by tier", "Tier", tier_rows(result)),
                self._movers(request, result),
            ],
        }

    @staticmethod
    def _changes(rehearsal: Rehearsal, currency: str) -> list[str]:
        """What the draft says otherwise than the rules in force now."""
        newest = rehearsal.program.versions.order_by("-number").first()
        today = newest.typed_rules if newest else ProgramRules()
        return changed_sentences(today, ProgramRules.from_json(rehearsal.draft), currency=currency)

    def _movers(self, request: HttpRequest, result: Mapping[str, Any]) -> Table:
        """The first customers who would hold another tier, with links for staff who may see them."""
        movers: Sequence[Mapping[str, Any]] = result["movers"]
        customers: Any = self.admin_site.get_model_admin(Customer)
        seen: dict[int, Customer] = {}
        if movers and customers.has_view_permission(request):
            ids = [mover["customer"] for mover in movers]
            seen = {customer.pk: customer for customer in customers.get_queryset(request).filter(pk__in=ids)}
        rows = [
            (_customer_cell(mover["customer"], seen), mover["today"] or "no tier", mover["draft"] or "no tier")
            for mover in movers
        ]
        moves = result["moves"]
        all_moves = moves["up"] + moves["down"]
        return table(
            "Who would move",
            (strong("Customer"), "Today", "By the draft"),
            rows,
            empty="Nobody would hold another tier.",
            note=f"{moves['up']:,} up, {moves['down']:,} down",
            footer=f"The first {len(rows)} of {all_moves:,}." if all_moves > len(rows) else "",
        )


def _customer_cell(customer_id: int, seen: Mapping[int, Customer]) -> str:
    customer = seen.get(customer_id)
    if customer is None:
        return f"Customer {customer_id}"
    address = reverse("admin:customers_customer_change", args=[customer_id])
    return format_html('<a class="bo-link" href="{}">{}</a>', address, customer)


def _compared(title: str, what: str, rows: Iterable[Row], *, empty: str = "") -> Table:
    columns = (strong(what), number("Today"), number("Draft"), number("Difference"))
    return table(title, columns, rows, empty=empty)
