"""Imported recommendations, and the items that are bought together."""

from django.contrib import admin
from unfold.decorators import display

from engagement.back_office import LoyaltyRowsAdmin
from engagement.numbers.display import format_money
from engagement.recommendations.models import ItemPair, Recommendation
from loyalty_project.protocol.numbers import plain_digits
from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.columns import value_column


@admin.register(Recommendation)
class RecommendationAdmin(LoyaltyRowsAdmin):
    """Imported recommendations, read-only."""

    has_history = False
    related = ("customer",)
    fields = (
        "item_sku", "description", "customer_link", "price_display", "score_display", "img_url", "imported_at",
    )  # fmt: skip
    list_display = ("item_sku", "description", "customer_link", "price_display", "score_display", "imported_at")

    price_display = value_column("price", "Price", format_money)
    score_display = value_column("score", "Score", plain_digits)


@admin.register(ItemPair)
class ItemPairAdmin(ReadOnlyAdmin):
    """Pairs of items, read-only: `build_recommendations` computes them."""

    has_history = False
    fields = (
        "item_code", "item_description", "other_code", "other_description", "price_display", "bills", "lift_display",
        "built_at",
    )  # fmt: skip
    list_display = ("item_display", "other_display", "bills", "lift_display", "built_at")
    search_fields = ("item_code__exact", "other_code__exact")
    search_help_text = "Code of an item"

    price_display = value_column("other_price", "Price", format_money)
    lift_display = value_column("lift", "Times as often as by chance", plain_digits)

    @display(description="Who buys")
    def item_display(self, pair: ItemPair) -> str:
        """The item that was bought."""
        return pair.item_description or pair.item_code

    @display(description="Also buys")
    def other_display(self, pair: ItemPair) -> str:
        """The item that is recommended."""
        return pair.other_description or pair.other_code
