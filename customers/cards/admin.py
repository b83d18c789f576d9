"""Which cards are there, and whose are they?"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from customers.cards.models import Card
from organizations.back_office.base import ReadOnlyAdmin

CARD_LABELS: dict[str, str] = {
    Card.Status.ISSUED: "success",
    Card.Status.ACTIVE: "success",
    Card.Status.NOT_ISSUED: "info",
    Card.Status.INACTIVE: "warning",
    Card.Status.SUSPENDED: "danger",
    Card.Status.EXPIRED: "warning",
    Card.Status.DELETED: "danger",
}


@admin.register(Card)
class CardAdmin(ReadOnlyAdmin):
    """Cards, to look at: tills, imports and the customer's page issue them."""

    store_path = "customer__registered_store"
    related = ("series", "customer")
    # Nobody counts millions of rows to show fifty.
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = ("number", "external_id", "series", "status", "customer", "label", "issued_on", "expires_on")
    list_display = ("number", "external_id", "series", "told_status", "customer", "issued_on", "expires_on")
    list_filter = (("status", ChoicesDropdownFilter), ("series", RelatedDropdownFilter))
    search_fields = ("number",)
    search_help_text = "Card number, or how it begins"

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        queryset: QuerySet[Any],
        search_term: str,
    ) -> tuple[QuerySet[Any], bool]:
        """A range of the index of numbers."""
        number = search_term.strip().upper().replace("\x00", "")
        return queryset.filter(number__gte=number, number__lt=number + "\U0010ffff") if number else queryset, False

    @display(description="Status", label=CARD_LABELS)
    def told_status(self, card: Card) -> tuple[str, str]:
        """The status in words, coloured."""
        return card.status, card.get_status_display()
