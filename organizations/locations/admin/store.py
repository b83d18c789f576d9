"""Stores, with the tills of each."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.filters import RelatedRowFilter, YesNoFilter
from organizations.back_office.forms import ConfigurationForm
from organizations.back_office.inlines import ShownRows
from organizations.locations.models import Concept, Store, Till, Zone
from organizations.locations.organization_file import STORE


class StoreForm(ConfigurationForm):
    """A store."""

    section = STORE


class ZoneFilter(RelatedRowFilter):
    """By zone."""

    title = parameter_name = path = "zone"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:  # noqa: ARG002 - as in the base class
        return Zone.objects.order_by("name").values_list("pk", "name")


class ConceptFilter(RelatedRowFilter):
    """By concept."""

    title = parameter_name = path = "concept"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:  # noqa: ARG002 - as in the base class
        return Concept.objects.order_by("name").values_list("pk", "name")


class TillsOfStore(ShownRows):
    """The tills of a store."""

    model = Till
    fields = ("code", "name", "is_active")


@admin.register(Store)
class StoreAdmin(BackOfficeAdmin):
    """Stores, with zone, concept and tills."""

    form = StoreForm
    store_path = "pk"
    related = ("zone", "concept")
    fields = ("code", "name", "external_id", "zone", "concept", "is_active")
    natural_key = ("code",)
    list_display = ("code", "name", "external_id", "zone", "concept", "active")
    list_display_links = ("code", "name")
    list_filter = (("is_active", YesNoFilter), ZoneFilter, ConceptFilter)
    search_fields = ("code", "name", "external_id")
    inlines = (TillsOfStore,)

    def get_inlines(self, request: HttpRequest, obj: Store | None) -> Any:
        return [] if obj is None else super().get_inlines(request, obj)
