"""Which bills and redemptions does a read ask for? The parameters of docs/protocol.md 4.6 and 4.7 as conditions."""

import re
from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.db.models import Q, QuerySet
from django_filters import CharFilter, Filter, NumberFilter

from loyalty_project.api.filtersets import IdFilter, MomentFilter, WireFilterSet
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.locations.models import Store

_ID: Final = re.compile(r"\d{1,18}", re.ASCII)
# Where an entity's code stands on a bill. The account of a store's server is a till here.
_ENTITIES: Final[Mapping[str, str]] = {
    "ZONE": "store__zone__code",
    "CONCEPT": "store__concept__code",
    "STORE": "store__code",
    "TILL": "till__code",
    "STR_SERVER": "till__code",
}


class StoreField(forms.CharField):
    """A store by its id or its code, as the store's id."""

    def clean(self, value: Any) -> int | None:
        """The id. Raises `LoyaltyError` 1150 for a store that the organization does not have (docs/protocol.md 7)."""
        text: str = super().clean(value)
        if not text:
            return None
        pk = _id(text)
        found = set(Store.objects.filter(Q(code=text) | Q(pk=pk)).values_list("pk", flat=True))
        if not found:
            raise LoyaltyError(Code.INVALID_STORE_ID)
        return pk if pk in found else found.pop()


class StoreFilter(Filter):
    """A store that must be there."""

    field_class = StoreField


class BillFilters(WireFilterSet):
    """Of bills, those that `transactions` asks for."""

    number = CharFilter("number")
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
        """Those made where `entity_type` and `entity_code` say. Raises `LoyaltyError` 400 for half of the pair."""
        code = self.given.get("entity_code")
        column = _ENTITIES.get(kind.upper())
        if column is None or not code:
            raise LoyaltyError(Code.INVALID_INPUT)
        return rows.filter(**{column: code})


def _id(text: str) -> int:
    """The id that a text is; 0, which nothing has, for another text."""
    return int(text) if _ID.fullmatch(text) else 0
