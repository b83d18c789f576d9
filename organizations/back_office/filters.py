"""List filters: short lists of choices that cost one small query, or none.

A list admits only the parameters that its filters declare (`parameters`), with values of the declared form. A value of that
form that names nothing the current user may see leaves the list empty, with a sentence: no filter is left out in silence.
`describe` has the given values in words, for the list of what is applied.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, ClassVar, Protocol

from django.contrib import messages
from django.contrib.admin.utils import get_fields_from_path
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from unfold.contrib.filters.admin import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    DropdownFilter,
    FieldTextFilter,
    RangeDateFilter,
)

from organizations.back_office.current_user import in_own_stores
from organizations.back_office.parameters import Shape, is_day, is_row_id, is_search_text, one_of
from organizations.locations.models import Store
from organizations.tenancy.models import Organization

Rows = QuerySet[Any]


class ListedFilter(Protocol):
    """What a list asks its filters for; `BackOfficeChecks` finds a filter that lacks it."""

    title: Any

    @classmethod
    def parameters(cls, model: type[Model], path: str) -> dict[str, Shape]:
        """The parameters of the address that the filter takes, with the form of their values."""
        ...

    def expected_parameters(self) -> list[str | None]:
        """The names of these parameters."""
        ...

    def describe(self, given: Mapping[str, str]) -> str:
        """The given values in words."""
        ...


def declared_parameters(filters: Iterable[Any], model: type[Model]) -> dict[str, Shape]:
    """The parameters of a list's filters: each is a class, or a pair of a field's path and a class. Each declares its own."""
    declared: dict[str, Shape] = {}
    for entry in filters:
        path, filter_class = entry if isinstance(entry, tuple) else ("", entry)
        declared |= filter_class.parameters(model, path)
    return declared


class TitledFilter(DropdownFilter):
    """A filter whose title is in the language of the page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = gettext(str(self.title))


class NamedFilter(TitledFilter):
    """A filter by a few named sets of rows: `options` has the label and the rows of each value.

    `unfiltered` are the rows shown if no option is chosen.
    """

    options: ClassVar[Mapping[str, tuple[str, Callable[[Rows], Rows]]]]

    @classmethod
    def parameters(cls, model: type[Model], path: str) -> dict[str, Shape]:  # noqa: ARG003 - the same for all filters
        """One of the options."""
        return {str(cls.parameter_name): one_of(cls.options)}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [(value, gettext(label)) for value, (label, _narrow) in self.options.items()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:  # noqa: ARG002 - Django's signature
        _label, narrow = self.options.get(str(self.value()), ("", self.unfiltered))
        return narrow(queryset)

    def describe(self, given: Mapping[str, str]) -> str:
        """The label of the option."""
        label, _narrow = self.options[given[str(self.parameter_name)]]
        return gettext(label)

    @staticmethod
    def unfiltered(rows: Rows) -> Rows:
        """The rows shown if no option is chosen: all."""
        return rows


class RelatedRowFilter(TitledFilter):
    """A filter by the id of a related row. `path` leads to it; `choices_for` lists the rows to choose from."""

    path: ClassVar[str]

    @classmethod
    def parameters(cls, model: type[Model], path: str) -> dict[str, Shape]:  # noqa: ARG003 - the same for all filters
        """The id of a row."""
        return {str(cls.parameter_name): is_row_id}

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:
        """Id and name of each row to choose from."""
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [(str(pk), name) for pk, name in self.choices_for(request)]

    def has_output(self) -> bool:
        """True if there is a choice, or if a value was given: Django would leave out a filter without choices."""
        return bool(self.lookup_choices) or self.value() is not None

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        value = self.value()
        if value is None:
            return queryset
        if value not in {str(choice) for choice, _name in self.lookup_choices}:
            messages.warning(
                request,
                gettext("The %(title)s of this address does not exist, or you may not see it: nothing is shown.")
                % {"title": self.title},
            )
            return queryset.none()
        return self.narrow(queryset, int(value))

    def narrow(self, rows: Rows, pk: int) -> Rows:
        """The rows that belong to the related row `pk`."""
        return rows.filter(**{f"{self.path}_id": pk})

    def describe(self, given: Mapping[str, str]) -> str:
        """The name of the related row; a dash for a row that the current user may not see."""
        names = {str(choice): str(name) for choice, name in self.lookup_choices}
        return names.get(given[str(self.parameter_name)], "–")


class OrganizationFilter(RelatedRowFilter):
    """By organization: for operators, who see every organization."""

    title = parameter_name = path = "organization"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:  # noqa: ARG002 - as in the base class
        return Organization.objects.values_list("pk", "name")


class StoreFilter(RelatedRowFilter):
    """By one of the stores that the current user may see."""

    title = parameter_name = path = "store"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:
        return in_own_stores(Store.objects.all(), request, "pk").order_by("name").values_list("pk", "name")


class ChoiceFilter(ChoicesDropdownFilter):
    """By the value of a field with choices."""

    @classmethod
    def parameters(cls, model: type[Model], path: str) -> dict[str, Shape]:
        """One of the field's choices."""
        field: Any = get_fields_from_path(model, path)[-1]
        return {f"{path}__exact": one_of([str(value) for value, _label in field.flatchoices])}

    def describe(self, given: Mapping[str, str]) -> str:
        """The label of the choice."""
        (value,) = given.values()
        return next((str(label) for choice, label in self.field.flatchoices if str(choice) == value), value)


class YesNoFilter(BooleanRadioFilter):
    """By the value of a boolean field."""

    @classmethod
    def parameters(cls, model: type[Model], path: str) -> dict[str, Shape]:  # noqa: ARG003 - the same for all filters
        """1 for yes, 0 for no."""
        return {f"{path}__exact": one_of(["0", "1"])}

    def describe(self, given: Mapping[str, str]) -> str:
        """Yes or no."""
        return gettext("yes") if "1" in given.values() else gettext("no")


class TextFilter(FieldTextFilter):
    """By a part of a text field."""

    @classmethod
    def parameters(cls, model: type[Model], path: str) -> dict[str, Shape]:  # noqa: ARG003 - the same for all filters
        """A short text."""
        return {f"{path}__icontains": is_search_text}

    def describe(self, given: Mapping[str, str]) -> str:
        """The text."""
        return " ".join(given.values())


class DayRangeFilter(RangeDateFilter):
    """A filter of moments by days of the page's time zone, first and last included."""

    @classmethod
    def parameters(cls, model: type[Model], path: str) -> dict[str, Shape]:  # noqa: ARG003 - the same for all filters
        """The first and the last day."""
        return {f"{path}_from": is_day, f"{path}_to": is_day}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:  # noqa: ARG002 - Django's signature
        limits = {}
        # Of an hour that a clock change repeats, the day ends with the second one; before one that it skips, it ends earlier.
        for end, lookup, moment in (("from", "gte", time.min), ("to", "lte", time.max.replace(fold=1))):
            if day := self.used_parameters.get(f"{self.parameter_name}_{end}"):
                limits[f"{self.field_path}__{lookup}"] = timezone.make_aware(
                    datetime.combine(date.fromisoformat(str(day)), moment)
                )
        return queryset.filter(**limits)

    def describe(self, given: Mapping[str, str]) -> str:
        """The first and the last day."""
        first, last = (given.get(f"{self.parameter_name}_{end}") for end in ("from", "to"))
        if first and last:
            return first if first == last else gettext("%(first)s to %(last)s") % {"first": first, "last": last}
        return gettext("from %(first)s") % {"first": first} if first else gettext("until %(last)s") % {"last": last}


class RecentFilter(NamedFilter):
    """A filter of moments by days up to today, in the page's time zone. `path` leads to the moment.

    Unlike days of the calendar, they stay right in a link that is used again tomorrow.
    """

    path: ClassVar[str]

    @classmethod
    def of(cls, path: str, *, title: str, parameter_name: str) -> "type[RecentFilter]":
        """The filter of the moment at `path`."""
        options = {
            name: (label, partial(_since, path=path, days=days))
            for name, label, days in (
                ("today", gettext_noop("today"), 0),
                ("week", gettext_noop("the last 7 days"), 6),
                ("month", gettext_noop("the last 30 days"), 29),
            )
        }
        made = {"title": title, "parameter_name": parameter_name, "path": path, "options": options}
        return type("RecentFilter", (cls,), made)


def _since(rows: Rows, *, path: str, days: int) -> Rows:
    """The rows from so many days before today on."""
    first = timezone.localdate() - timedelta(days=days)
    return rows.filter(**{f"{path}__gte": timezone.make_aware(datetime.combine(first, time.min))})
