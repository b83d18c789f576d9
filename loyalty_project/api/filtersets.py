"""Filter sets of the wire: conditions on rows by parameters of the query, with the protocol's values and codes.

Blank parameters and "0" are not set (docs/protocol.md 7). An invalid value fails with 400, or with the code that its field
raises.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters import Filter, FilterSet

from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import read_span
from loyalty_project.protocol.plain_text import read_code

_UNSET: Final = {"", "0"}
_LARGEST_ID: Final = 2**63 - 1
_UTC: Final = ZoneInfo("UTC")


class WireFilterSet(FilterSet):
    """Conditions by parameters; moments are wall times in `zone`."""

    def __init__(self, query: Mapping[str, str], rows: QuerySet[Any], *, zone: ZoneInfo) -> None:
        self.given = {name: value for name, value in query.items() if value not in _UNSET}
        self.zone = zone
        super().__init__(self.given, queryset=rows)

    def matching(self) -> QuerySet[Any]:
        """Rows that meet all conditions. Raises `LoyaltyError`: a field's own code, or 400."""
        if not self.is_valid():
            raise LoyaltyError(Code.INVALID_INPUT)
        rows: QuerySet[Any] = self.qs
        return rows


class IdFilter(Filter):
    """An id, or a bound of ids with another `lookup_expr`."""

    field_class = forms.IntegerField

    def __init__(self, field_name: str, lookup_expr: str = "exact") -> None:
        super().__init__(field_name, lookup_expr, min_value=0, max_value=_LARGEST_ID)


class CodeField(forms.CharField):
    """A code, number or reference in canonical form."""

    def clean(self, value: Any) -> str:
        """The code; "" for a blank one."""
        return read_code(super().clean(value) or "")


class CodeFilter(Filter):
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


class MomentFilter(Filter):
    """Rows from a moment on, until its end, or within it (a date is a whole day)."""

    field_class = MomentField
    parent: WireFilterSet

    def __init__(self, field_name: str, side: Literal["from", "until", "within"]) -> None:
        super().__init__(field_name)
        self.side = side

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Rows on that side of the moment."""
        span: tuple[datetime, datetime] | None = read_span(value, self.parent.zone) if value else None
        if span is None:
            return qs
        begin, end = span
        if self.side != "until":
            qs = qs.filter(**{f"{self.field_name}__gte": begin})
        return qs.filter(**{f"{self.field_name}__lt": end}) if self.side != "from" else qs
