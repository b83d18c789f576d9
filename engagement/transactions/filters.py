"""Filters of `customer/transactions` (docs/protocol.md 4.6)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django import forms
from django.db.models import Q

from loyalty_project.api.filtersets import AmountFilter, CodeFilter, ColumnFilter, IdFilter, MomentFilter, WireFilterSet
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import read_id
from organizations.locations.models import Store

# The column of each entity's code. The account of a store's server is a till.
_ENTITIES: Final[Mapping[str, str]] = {
    "ZONE": "(SELECT code FROM organizations_zone WHERE organization_id = %(organization)s AND id = store.zone_id)",
    "CONCEPT": "(SELECT code FROM organizations_concept WHERE organization_id = %(organization)s AND id = store.concept_id)",
    "STORE": "store.code",
    "TILL": "till.code",
    "STR_SERVER": "till.code",
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


class StoreFilter(ColumnFilter):
    """A store that must exist."""

    field_class = StoreField


class LocationFilter(ColumnFilter):
    """Bills at the location that `entity_type` and `entity_code` name."""

    def conditions(self, parameter: str, value: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The condition on the code of that kind of location. Raises `LoyaltyError` 400 if one of the two is missing."""
        code = self.parent.given.get("entity_code")
        column = _ENTITIES.get(value.upper())
        if column is None or not code:
            raise LoyaltyError(Code.INVALID_INPUT)
        yield f"{column} = %({parameter})s", {parameter: code}


class BillFilters(WireFilterSet):
    """Filters of the row `bill` with its `store` and `till`."""

    number = CodeFilter("bill.number")
    transaction_id = IdFilter("bill.id")
    amount = AmountFilter("bill.amount")
    transaction_date = MomentFilter("bill.billed_at", "within")
    store_id = StoreFilter("bill.store_id")
    store_code = ColumnFilter("store.code")
    store_name = ColumnFilter("store.name")
    till_id = IdFilter("bill.till_id")
    till_code = ColumnFilter("till.code")
    till_name = ColumnFilter("till.name")
    entity_type = LocationFilter("store.code")
    start_id = IdFilter("bill.id", ">=")
    end_id = IdFilter("bill.id", "<=")
    start_date = MomentFilter("bill.billed_at", "from")
    end_date = MomentFilter("bill.billed_at", "until")
