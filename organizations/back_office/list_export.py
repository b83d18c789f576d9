"""Exports of lists as CSV and XLSX: the columns, and their cells in a form that no spreadsheet runs."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from import_export.fields import Field
from import_export.resources import Resource

from loyalty_project.db.timeouts import answered_within
from loyalty_project.formulas import marked
from organizations.back_office.columns import is_in_sight, name_of, value_at
from organizations.back_office.current_user import member_of
from organizations.back_office.list_page import SECONDS

# Rows of an export at most: so many are made while the user waits.
MOST_ROWS: Final = 10_000
_AT_ONCE: Final = 500
# Workbooks cannot contain them, and no text needs them. Tabs and ends of lines are left to `marked`.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")


class ExportColumn(Field):  # type: ignore[misc]  # the library has no types
    """A column of an export: its title, and the path to the value or a function that has it from a row.

    Without `permission` ("": none is needed) the user does not get the column.
    """

    def __init__(self, title: str, value: str | Callable[[Any], Any], *, permission: str = "") -> None:
        super().__init__(column_name=title)
        self.read = value if callable(value) else lambda row: value_at(row, value)
        self.permission = permission

    def export(self, instance: Any, **_kwargs: Any) -> str | int | Decimal:
        """The cell of a row."""
        return cell_of(self.read(instance))


class ListResource(Resource):  # type: ignore[misc]  # the library has no types
    """The exported columns of a list, for the current user. `complete_rows` is that of the list."""

    fields: ClassVar[dict[str, ExportColumn]]

    def __init__(self, request: HttpRequest, complete_rows: Callable[[HttpRequest, Sequence[Any]], None]) -> None:
        super().__init__()
        self.request, self.complete_rows = request, complete_rows

    @property
    def columns(self) -> list[str]:
        """The names of the columns that the current user gets."""
        has_perm = member_of(self.request).has_perm
        return [name for name, column in self.fields.items() if not column.permission or has_perm(column.permission)]

    @property
    def titles(self) -> list[str]:
        """The titles of these columns."""
        return [str(self.fields[name].column_name) for name in self.columns]

    def iter_queryset(self, queryset: QuerySet[Any]) -> Iterator[Any]:
        """The rows, `MOST_ROWS` at most, some hundreds at once: each part costs the queries of a page of the list.

        Raises `TookTooLongError` if the list itself would take too long.
        """
        with answered_within(SECONDS):
            keys = list(queryset.values_list("pk", flat=True)[:MOST_ROWS])
        for start in range(0, len(keys), _AT_ONCE):
            part = keys[start : start + _AT_ONCE]
            by_key = {row.pk: row for row in queryset.order_by().filter(pk__in=part)}
            rows = [by_key[key] for key in part if key in by_key]
            self.complete_rows(self.request, rows)
            yield from rows

    def as_file(self, queryset: QuerySet[Any], format_: str) -> tuple[bytes, int]:
        """The rows as a file, `format_` being "csv" or "xlsx", and their number."""
        rows = self.export(queryset, export_fields=self.columns)
        content = rows.export(format_)
        # The mark of UTF-8, without which spreadsheets read CSV in another encoding.
        return content.encode("utf-8-sig") if isinstance(content, str) else bytes(content), len(rows)


def customer_name(path: str = "customer") -> Callable[[Any], str]:
    """The name of the customer at `path`; of a customer of another store only that."""

    def name(row: Any) -> str:
        customer = value_at(row, path)
        return "" if customer is None else name_of(customer)

    return name


def customer_id(path: str = "customer") -> Callable[[Any], int | None]:
    """The id of the customer at `path`; None without one, and for a customer of another store."""

    def key(row: Any) -> int | None:
        customer = value_at(row, path)
        return customer.pk if customer is not None and is_in_sight(customer) else None

    return key


def cell_of(value: Any) -> str | int | Decimal:
    """A value as a cell: numbers as they are, moments in the time zone of the page, texts that no spreadsheet runs."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        return value
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return marked(_CONTROL.sub(" ", str(value)))
