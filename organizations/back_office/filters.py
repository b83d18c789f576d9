"""List filters: short lists of choices that cost one small query, or none."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter, RangeDateFilter

from organizations.back_office.current_user import own_stores
from organizations.locations.models import Store
from organizations.tenancy.models import Organization

Rows = QuerySet[Any]


class NamedFilter(DropdownFilter):
    """A filter by a few named sets of rows: `options` has the label and the rows of each value.

    `unfiltered` are the rows shown if no option is chosen.
    """

    options: ClassVar[Mapping[str, tuple[str, Callable[[Rows], Rows]]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [(value, label) for value, (label, _narrow) in self.options.items()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:  # noqa: ARG002 - Django's signature
        _label, narrow = self.options.get(str(self.value()), ("", self.unfiltered))
        return narrow(queryset)

    @staticmethod
    def unfiltered(rows: Rows) -> Rows:
        """The rows shown if no option is chosen: all."""
        return rows


class RelatedRowFilter(DropdownFilter):
    """A filter by the id of a related row. `path` leads to it; `choices_for` lists the rows to choose from."""

    path: ClassVar[str]

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:
        """Id and name of each row to choose from."""
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [(str(pk), name) for pk, name in self.choices_for(request)]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:  # noqa: ARG002 - Django's signature
        value = self.value()
        return queryset.filter(**{f"{self.path}_id": int(value)}) if value and value.isdecimal() else queryset


class OrganizationFilter(RelatedRowFilter):
    """By organization: for operators, who see every organization."""

    title = parameter_name = path = "organization"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:  # noqa: ARG002 - as in the base class
        return Organization.objects.values_list("pk", "name")


class StoreFilter(RelatedRowFilter):
    """By one of the stores that the current user may see."""

    title = parameter_name = path = "store"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:
        stores = Store.objects.all()
        if own := own_stores(request):
            stores = stores.filter(pk__in=own)
        return stores.order_by("name").values_list("pk", "name")


class DayRangeFilter(RangeDateFilter):
    """A filter of moments by days of the page's time zone, first and last included. Text that is not a date is ignored."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:  # noqa: ARG002 - Django's signature
        limits = {}
        for end, lookup, moment in (("from", "gte", time.min), ("to", "lte", time.max)):
            try:
                day = date.fromisoformat(str(self.used_parameters.get(f"{self.parameter_name}_{end}") or ""))
            except ValueError:
                continue
            limits[f"{self.field_path}__{lookup}"] = timezone.make_aware(datetime.combine(day, moment))
        return queryset.filter(**limits)
