"""Tables on custom pages: columns and rows, built in Python and printed by one template."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

DASH: Final = "–"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, and the CSS class of its cells."""

    title: str
    css: str = ""


def number(title: str) -> Column:
    """A column of numbers, aligned to the right."""
    return Column(title, "bo-number")


def strong(title: str) -> Column:
    """A column in bold print, which names the row."""
    return Column(title, "bo-strong")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A panel with a title and a table. Cells are texts, links and badges, or values that `cell` prints.

    `empty` is shown if there are no rows; without it nothing is shown. `link` leads to all rows. `note` is shown beside the
    title, `footer` below the table.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    empty: str = ""
    link: str = ""
    link_text: str = "Show all"
    note: str = ""
    footer: str = ""

    @property
    def cells(self) -> list[list[tuple[Column, Any]]]:
        """The rows: each cell as it is printed, with its column."""
        return [[(column, cell(value)) for column, value in zip(self.columns, row, strict=True)] for row in self.rows]


def table(title: str, columns: Iterable[str | Column], rows: Iterable[Sequence[Any]], **options: Any) -> Table:
    """A table whose columns are titles, or columns with a style. `options` are the other fields of `Table`."""
    made = [Column(column) if isinstance(column, str) else column for column in columns]
    return Table(title=title, columns=made, rows=list(rows), **options)


def cell(value: Any) -> Any:
    """A value as a cell shows it: a dash for None and blank, yes or no, moments in the time zone of the page."""
    if value is None or value == "":
        return DASH
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return value


def badge(text: Any, tone: str = "") -> SafeString:
    """A badge; `tone` is "good", "bad" or "" (neutral)."""
    return format_html('<span class="bo-badge {}">{}</span>', tone, text)


def with_note(text: Any, note: Any) -> SafeString:
    """A text followed by a note in grey."""
    return format_html('<span>{} <span class="bo-quiet">{}</span></span>', cell(text), note)
