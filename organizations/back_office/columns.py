"""Columns of lists and fields of read-only pages, each declared in one line of an admin class.

    customer_link = link_column("customer", "Customer")

A column is a method of the admin class that Django calls with the row. `path` leads from the row to the value, `__` between the
names. Where a related row is missing, the value is None.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, NamedTuple, cast

from django.db.models import Model
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from unfold.decorators import display

from organizations.back_office.history import actor_label, source_label
from organizations.back_office.pages import page_of
from organizations.staff.reach import current_reach
from organizations.staff.sight import shown_value

Column = Callable[[Any, Any], Any]

SOURCE_COLORS: Mapping[str, str] = {"API": "info", "import": "warning", "back office": "success", "command": "primary"}


def value_at(row: Any, path: str) -> Any:
    """The value at the end of `path`; None where a row on the way is missing."""
    for name in path.split("__"):
        if row is None:
            return None
        row = getattr(row, name)
    return row


def value_column(path: str, title: str, show: Callable[[Any], Any] | None = None, *, empty: str = "–") -> Column:
    """A column of the value at `path`, formatted by `show`."""

    @display(description=title, empty_value=empty)
    def column(_admin: Any, row: Any) -> Any:
        value = value_at(row, path)
        return value if value is None or show is None else show(value)

    return cast("Column", column)


def personal_column(path: str, title: str, *, customer: str = "customer_id") -> Column:
    """A column of what was written about the customer whose id is at `customer`: hidden for who may not see personal data."""

    @display(description=title, empty_value="–")
    def column(_admin: Any, row: Any) -> Any:
        return shown_value(value_at(row, path), customer_id=value_at(row, customer)) or None

    return cast("Column", column)


def link_column(path: str, title: str, text: Callable[[Any], str] = str) -> Column:
    """A column that links to the page of the row at `path`."""

    @display(description=title)
    def column(_admin: Any, row: Any) -> SafeString | str:
        linked = value_at(row, path)
        return link_to(linked, text(linked)) if linked is not None else "–"

    return cast("Column", column)


class ChoiceLabel(NamedTuple):
    """A value of choices with its label, in Unfold's form of a badge. As text it is the label."""

    value: str
    label: str

    def __str__(self) -> str:
        return self.label


def choice_column(field: str, title: str, colors: Mapping[str, str]) -> Column:
    """A badge of a field with choices: its label, in the color of its value."""

    @display(description=title, label=dict(colors))
    def column(_admin: Any, row: Any) -> ChoiceLabel:
        return ChoiceLabel(getattr(row, field), str(getattr(row, f"get_{field}_display")()))

    return cast("Column", column)


def state_display(title: str, colors: Mapping[str, str], **options: Any) -> Callable[[Callable[..., str]], Column]:
    """Make a method that gives a state in an English word a column: a badge in the color and the translation of the word.

    `options` are those of Unfold's `display`.
    """

    def decorate(state_of: Callable[..., str]) -> Column:
        @display(description=title, label=dict(colors), **options)
        @wraps(state_of)
        def column(admin: Any, row: Any) -> ChoiceLabel:
            state = state_of(admin, row)
            return ChoiceLabel(state, gettext(state))

        return cast("Column", column)

    return decorate


def boolean_column(field: str, title: str) -> Column:
    """A tick or a cross for a boolean field."""

    @display(description=title, boolean=True, ordering=field)
    def column(_admin: Any, row: Any) -> bool:
        return bool(getattr(row, field))

    return cast("Column", column)


def actor_column(field: str, title: str = "By") -> Column:
    """A column of the actor in `field`, in words."""
    return value_column(field, title, actor_label)


def source_column(field: str = "source", title: str = "From") -> Column:
    """A badge of the interface through which a change came."""

    @display(description=title, label=dict(SOURCE_COLORS))
    def column(_admin: Any, row: Any) -> str:
        return source_label(getattr(row, field))

    return cast("Column", column)


def link_to(row: Model | None, text: str = "") -> SafeString | str:
    """A link to the page of `row`, with its name or `text`; a dash for None. See `name_of` for rows of other stores."""
    if row is None:
        return "–"
    if not is_in_sight(row):
        return name_of(row)
    return format_html('<a class="bo-link" href="{}">{}</a>', page_of(row), text or row)


def name_of(row: Model, text: str = "") -> str:
    """The name of `row`, or `text`; for a customer that the current user may not see, only the kind of row."""
    return (
        text or str(row)
        if is_in_sight(row)
        else gettext("a %(verbose_name)s of another store") % {"verbose_name": row._meta.verbose_name}
    )


def is_in_sight(row: Model) -> bool:
    """True if the stores of the current user do not hide the row: customers are seen by the store where they registered."""
    return not hasattr(row, "registered_store_id") or current_reach().covers(row.registered_store_id)
