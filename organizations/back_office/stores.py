"""Stores for which the current user acts, and the form field that chooses one."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminSelectWidget

from organizations.back_office.current_user import in_own_stores
from organizations.locations.models import Store


def stores_for(request: HttpRequest) -> list[Store]:
    """The active stores of the organization by name; for staff limited to stores, theirs. One query."""
    stores = Store.objects.filter(is_active=True).order_by("name").select_related("zone", "concept")
    return list(in_own_stores(stores, request, "pk"))


class StoreField(forms.ChoiceField):
    """One of the stores that the form offers (`offer`); None without a choice."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=UnfoldAdminSelectWidget(), **kwargs)
        self.stores: dict[str, Store] = {}

    def offer(self, stores: Sequence[Store]) -> None:
        """Offer these stores, and none if the field is not required."""
        self.stores = {str(store.pk): store for store in stores}
        empty = gettext("Choose a store") if self.required else gettext("No store")
        self.choices = [("", empty), *((pk, store.name or store.code) for pk, store in self.stores.items())]

    def clean(self, value: Any) -> Any:
        return self.stores.get(super().clean(value))
