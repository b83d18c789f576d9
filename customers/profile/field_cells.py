"""Cells of files that hold values of number and date fields: in one form only, unlike what tills send (docs/imports.md)."""

import re
from typing import Final

from customers.profile.field_values import WrongTypeError, read_value
from loyalty_project.imports.cells import Values, moment_problem, refusal, text_cell
from loyalty_project.imports.numbers import NotPlainError, read_decimal
from organizations.fields.models import FieldDefinition

_DAY: Final = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?", re.ASCII)


def check_field_cell(row: Values, column: str, definition: FieldDefinition) -> None:
    """Raise `LoyaltyError` 400 unless the cell of a number or date field is blank, a plain decimal, or a date."""
    text = text_cell(row, column)
    if not text:
        return
    is_number = definition.type == FieldDefinition.Type.NUMBER
    try:
        if is_number:
            read_decimal(text)
        elif not _DAY.fullmatch(text):
            raise refusal(row, column, moment_problem(text) or "is not a date; write YYYY-MM-DD")
        read_value(text, definition)
    except NotPlainError as error:
        raise refusal(row, column, str(error)) from None
    except WrongTypeError:
        raise refusal(row, column, "is too large or too small" if is_number else "is not a day of the calendar") from None


def is_strict(definition: FieldDefinition) -> bool:
    """True for fields that `check_field_cell` is about."""
    return definition.type in {FieldDefinition.Type.NUMBER, FieldDefinition.Type.DATE}
