"""Filter sets of the wire: conditions in SQL by parameters of the query, with the protocol's values and codes.

Blank parameters and "0" are not set (docs/protocol.md 7). An invalid value fails with 400, or with the code that its field
raises. The text of a condition is a constant of its filter; the values are parameters of the statement.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django_filters import Filter, FilterSet

from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import read_span
from loyalty_project.protocol.plain_text import read_code

_UNSET: Final = {"", "0"}
_LARGEST_ID: Final = 2**63 - 1
_UTC: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions that all hold, and the values of their parameters."""

    texts: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


class WireFilterSet(FilterSet):
    """Conditions by parameters; moments are wall times in `zone`."""

    def __init__(self, query: Mapping[str, str], *, zone: ZoneInfo) -> None:
        self.given = {name: value for name, value in query.items() if value not in _UNSET}
        self.zone = zone
        # The library wants rows to filter; none are read.
        super().__init__(self.given, queryset=Permission.objects.none())

    def conditions(self) -> Conditions:
        """The conditions of the parameters that are set. Raises `LoyaltyError`: a field's own code, or 400."""
        if not self.is_valid():
            raise LoyaltyError(Code.INVALID_INPUT)
        texts: list[str] = []
        values: dict[str, Any] = {}
        for name, condition in self.filters.items():
            given = self.form.cleaned_data[name]
            if isinstance(condition, ColumnFilter) and given is not None and given != "":
                for text, parameters in condition.conditions(f"by_{name}", given):
                    texts.append(text)
                    values |= parameters
        return Conditions(tuple(texts), values)


class ColumnFilter(Filter):
    """Rows whose column, an SQL expression, compares with the value by an operator."""

    parent: WireFilterSet
    field_class: type[forms.Field] = forms.CharField

    def __init__(self, column: str, operator: Literal["=", ">=", "<="] = "=", **options: Any) -> None:
        super().__init__(column, **options)
        self.operator = operator

    def conditions(self, parameter: str, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        """The conditions, each with the values of its parameters, whose names begin with `parameter`."""
        yield f"{self.field_name} {self.operator} %({parameter})s", {parameter: value}


class IdFilter(ColumnFilter):
    """An id, or a bound of ids with another operator."""

    field_class = forms.IntegerField

    def __init__(self, column: str, operator: Literal["=", ">=", "<="] = "=") -> None:
        super().__init__(column, operator, min_value=0, max_value=_LARGEST_ID)


class AmountFilter(ColumnFilter):
    """Rows with this amount of money."""

    field_class = forms.DecimalField

    def __init__(self, column: str) -> None:
        super().__init__(column, max_digits=15, decimal_places=3)


class CodeField(forms.CharField):
    """A code, number or reference in canonical form."""

    def clean(self, value: Any) -> str:
        """The code; "" for a blank one."""
        return read_code(super().clean(value) or "")


class CodeFilter(ColumnFilter):
    """Rows with this code, number or reference."""

    field_class = CodeField


class MomentField(forms.CharField):
    """A wall time or a date. A "+" between date and time is read as a blank, which some clients encode twice."""

    def clean(self, value: Any) -> str:
        """The text. Raises `ValidationError` if it is neither a date nor a wall time."""
        text: str = super().clean(value)
        if text[10:11] == "+":
            text = f"{text[:10]} {text[11:]}"
        if text and read_span(text, _UTC) is None:
            raise ValidationError("neither a date nor a moment", code="invalid")
        return text


class MomentFilter(ColumnFilter):
    """Rows from a moment on, until its end, or within it (a date is a whole day)."""

    field_class = MomentField

    def __init__(self, column: str, side: Literal["from", "until", "within"]) -> None:
        super().__init__(column)
        self.side = side

    def conditions(self, parameter: str, value: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The bounds of the moment on that side."""
        span: tuple[datetime, datetime] | None = read_span(value, self.parent.zone)
        if span is None:
            return
        begin, end = span
        if self.side != "until":
            yield f"{self.field_name} >= %({parameter}_begin)s", {f"{parameter}_begin": begin}
        if self.side != "from":
            yield f"{self.field_name} < %({parameter}_end)s", {f"{parameter}_end": end}
