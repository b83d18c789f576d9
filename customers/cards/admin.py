"""Loyalty cards."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from customers.back_office import CustomerHistoryAdmin
from customers.cards.models import Card
from loyalty_project.protocol.plain_text import read_code
from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.columns import choice_column
from organizations.back_office.filters import ChoiceFilter, RelatedRowFilter
from organizations.card_series.models import CardSeries

STATUS_COLORS: dict[str, str] = {
    Card.Status.ISSUED: "success",
    Card.Status.ACTIVE: "success",
    Card.Status.NOT_ISSUED: "info",
    Card.Status.INACTIVE: "warning",
    Card.Status.SUSPENDED: "danger",
    Card.Status.EXPIRED: "warning",
    Card.Status.DELETED: "danger",
}


class SeriesFilter(RelatedRowFilter):
    """By series."""

    title = parameter_name = path = "series"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:  # noqa: ARG002 - as in the base class
        return CardSeries.objects.order_by("code").values_list("pk", "name")


@admin.register(Card)
class CardAdmin(CustomerHistoryAdmin, ReadOnlyAdmin):  # type: ignore[misc]  # stubs and Unfold disagree on what bases share
    """Cards, read-only: tills, imports and the customer's page issue them."""

    store_path = "customer__registered_store"
    related = ("series", "customer")
    fields = ("number", "external_id", "series", "status", "customer", "label", "issued_on", "expires_on")
    list_display = ("number", "external_id", "series", "status_label", "customer", "issued_on", "expires_on")
    phone_lines = (("number", "status_label"), ("customer", "series", "expires_on"))
    list_filter = (("status", ChoiceFilter), SeriesFilter)
    search_fields = ("number",)
    search_help_text = "Card number, or its beginning"

    status_label = choice_column("status", "Status", STATUS_COLORS)

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        queryset: QuerySet[Any],
        search_term: str,
    ) -> tuple[QuerySet[Any], bool]:
        """By the beginning of the number: a range of its index."""
        number = read_code(search_term).upper().replace("\x00", "")
        return queryset.filter(number__gte=number, number__lt=number + "\U0010ffff") if number else queryset, False
