"""By what are lists narrowed? Short lists of choices that cost one small query, or none."""

from datetime import date, datetime, time
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter, RangeDateFilter

from organizations.back_office.current_user import own_stores
from organizations.locations.models import Store
from organizations.tenancy.models import Organization


class OrganizationFilter(DropdownFilter):
    """For operators, who see every organization."""

    title = "organization"
    parameter_name = "organization"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [(str(pk), name) for pk, name in Organization.objects.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:  # noqa: ARG002 - Django's signature
        value = self.value()
        return queryset.filter(organization_id=value) if value and value.isdigit() else queryset


class StoreFilter(DropdownFilter):
    """By one of the stores that whoever is logged in may see. A subclass says where the store stands (`path`)."""

    title = "store"
    parameter_name = "store"
    path = "store"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        stores = Store.objects.all()
        if own := own_stores(request):
            stores = stores.filter(pk__in=own)
        return [(str(pk), name) for pk, name in stores.order_by("name").values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:  # noqa: ARG002 - Django's signature
        value = self.value()
        return queryset.filter(**{f"{self.path}_id": value}) if value and value.isdigit() else queryset


class DayRangeFilter(RangeDateFilter):
    """Moments by whole days of the page's time zone, first and last included. What is no date narrows nothing."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:  # noqa: ARG002 - Django's signature
        limits = {}
        for end, lookup, moment in (("from", "gte", time.min), ("to", "lte", time.max)):
            try:
                day = date.fromisoformat(str(self.used_parameters.get(f"{self.parameter_name}_{end}") or ""))
            except ValueError:
                continue
            limits[f"{self.field_path}__{lookup}"] = timezone.make_aware(datetime.combine(day, moment))
        return queryset.filter(**limits)
