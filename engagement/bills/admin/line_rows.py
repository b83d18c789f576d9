"""A form field for the lines of a bill: rows of item, quantity and amount."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from engagement.bills.reader import CODE
from engagement.numbers.money import read_money, read_quantity
from loyalty_project.protocol.plain_text import read_code

# Rows that an empty form offers. Without scripts a bill of more lines is sent once with these, and shown with as many more.
_OFFERED: Final = 2
MOST_LINES: Final = 100
_CELLS: Final = ("item", "quantity", "amount")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedLine:
    """A line as staff typed it; the amount is after discount, in the organization's currency."""

    item_code: str
    quantity: Decimal
    amount: Decimal


class LineRowsWidget(forms.Widget):
    """Rows of three inputs, and a button that adds a row (static/back_office/dialogs.js)."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[tuple[str, ...]]:  # noqa: ARG002 - Django's signature
        columns = [data.getlist(f"{name}-{cell}") for cell in _CELLS]
        return list(zip(*columns, strict=False))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:  # noqa: ARG002 - Django's signature
        return f"{name}-item" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:  # noqa: ARG002 - Django's signature
        rows = [row for row in value or [] if any(row)]
        blank = [("", "", "")] * (_OFFERED if not rows else 1)
        context = {"name": name, "rows": [*rows, *blank], "id": (attrs or {}).get("id", f"id_{name}")}
        return mark_safe(render_to_string("back_office/_line_rows.html", context))  # noqa: S308 - a template of ours


class LineRowsField(forms.Field):
    """The lines of a bill in their order; rows without any text are left out."""

    widget = LineRowsWidget

    def __init__(self, *, currency: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.currency = currency

    def to_python(self, value: Any) -> list[TypedLine]:
        rows = [[cell.strip() for cell in row] for row in value or []]
        lines = [self._line(position, row) for position, row in enumerate(rows, start=1) if any(row)]
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(gettext("At most %(most_lines)s lines.") % {"most_lines": MOST_LINES})
        return lines

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(initial) != self.to_python(data)

    def _line(self, position: int, row: Sequence[str]) -> TypedLine:
        item, quantity, amount = row
        code = read_code(item)
        if not code or len(code) > CODE:
            raise forms.ValidationError(
                gettext("Line %(position)s: enter the code of the item, of at most %(code)s characters.")
                % {"position": position, "code": CODE}
            )
        pieces = read_quantity(quantity) if quantity else Decimal(1)
        if pieces is None or pieces <= 0:
            raise forms.ValidationError(
                gettext("Line %(position)s: the quantity is a number above 0, such as 1 or 2.5.") % {"position": position}
            )
        money = read_money(amount, self.currency)
        if money is None or money < 0:
            raise forms.ValidationError(
                gettext("Line %(position)s: enter the amount in plain digits, such as 19.90.") % {"position": position}
            )
        return TypedLine(item_code=code, quantity=pieces, amount=money)


class MoneyField(forms.CharField):
    """An amount of money of at least 0, rounded to the currency."""

    def __init__(self, *, currency: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.currency = currency

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        amount = read_money(text, self.currency)
        if amount is None or amount < 0:
            raise forms.ValidationError(gettext("Enter an amount in plain digits, such as 19.90."))
        return amount


def total_of(lines: Sequence[TypedLine]) -> Decimal:
    """The amounts of the lines together."""
    return sum((line.amount for line in lines), Decimal(0))
