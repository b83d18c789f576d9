"""Filters of `customer/transactions` (docs/protocol.md 4.6)."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.db.models import Q, QuerySet
from django_filters import CharFilter, Filter, NumberFilter

from loyalty_project.api.filtersets import CodeFilter, IdFilter, MomentFilter, WireFilterSet
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import read_id
from organizations.locations.models import Store

# The column of each entity's code. The account of a store's server is a till.
_ENTITIES: Final[Mapping[str, str]] = {
    "ZONE": "store__zone__code",
    "CONCEPT": "store__concept__code",
    "STORE": "store__code",
    "TILL": "till__code",
    "STR_SERVER": "till__code",
}


class StoreField(forms.CharField):
    """A store by id or code; the value is its id."""

    def clean(self, value: Any) -> int | None:
        """The store's id. Raises `LoyaltyError` 1150 for an unknown store (docs/protocol.md 7)."""
        text: str = super().clean(value)
        if not text:
            return None
        pk = read_id(text)
        store_ids = set(Store.objects.filter(Q(code=text) | Q(pk=pk)).values_list("pk", flat=True))
        if not store_ids:
            raise LoyaltyError(Code.INVALID_STORE_ID)
        return pk if pk in store_ids else store_ids.pop()


class StoreFilter(Filter):
    """A store that must exist."""

    field_class = StoreField


class BillFilters(WireFilterSet):
    """Filters of bills."""

    number = CodeFilter("number")
    transaction_id = IdFilter("pk")
    amount = NumberFilter("amount", max_digits=15, decimal_places=3)
    transaction_date = MomentFilter("billed_at", "within")
    store_id = StoreFilter("store_id")
    store_code = CharFilter("store__code")
    store_name = CharFilter("store__name")
    till_id = IdFilter("till_id")
    till_code = CharFilter("till__code")
    till_name = CharFilter("till__name")
    entity_type = CharFilter(method="at_entity")
    start_id = IdFilter("pk", "gte")
    end_id = IdFilter("pk", "lte")
    start_date = MomentFilter("billed_at", "from")
    end_date = MomentFilter("billed_at", "until")

    def at_entity(self, rows: QuerySet[Any], _name: str, kind: str) -> QuerySet[Any]:
        """Bills at the location of `entity_type` and `entity_code`. Raises `LoyaltyError` 400 if one of the two is missing."""
        code = self.given.get("entity_code")
        column = _ENTITIES.get(kind.upper())
        if column is None or not code:
            raise LoyaltyError(Code.INVALID_INPUT)
        return rows.filter(**{column: code})
