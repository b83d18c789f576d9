"""Cells of a row, read: text, choices, numbers, times and days, each refused with a sentence that names column and value."""

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from loyalty_project.imports.numbers import NotPlainError, has_decimals, read_decimal
from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import read_moment
from loyalty_project.protocol.plain_text import read_code

Values = Mapping[str, str]
T = TypeVar("T")

_SHOWN: Final = 80
_OFFSET: Final = re.compile(r"([^:]*\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)\s*(?:Z|[+-]\d\d(?::?\d\d)?)", re.IGNORECASE | re.ASCII)


def reason(column: str, value: str, problem: str) -> str:
    """A sentence on a cell: its column, what it has (cut, on one line), and what is wrong with it."""
    begin = value[:_SHOWN]
    shown = "".join(character if character.isprintable() else "\ufffd" for character in begin)
    return f'{column}: "{shown}{"..." if len(value) > _SHOWN else ""}" {problem}'


def refusal(row: Values, column: str, problem: str, *, code: CodeTable = Code.INVALID_INPUT) -> LoyaltyError:
    """The error of a row for what a cell has, or has not: `problem` continues the sentence that begins with its value."""
    value = text_cell(row, column)
    return LoyaltyError(code, detail=reason(column, value, problem) if value else f"{column}: it is blank, which {problem}")


def text_cell(row: Values, column: str, *, most: int | None = None, is_required: bool = False) -> str:
    """A cell without surrounding blanks; "" if it is blank. Raises `LoyaltyError` 400 if it is too long, or required."""
    text = row.get(column, "").strip()
    if is_required and not text:
        raise LoyaltyError(Code.INVALID_INPUT, detail=f"{column}: it is blank, but every row needs it")
    if most is not None and len(text) > most:
        raise LoyaltyError(Code.INVALID_INPUT, detail=reason(column, text, f"has {len(text)} characters; write at most {most}"))
    return text


def code_cell(row: Values, column: str, *, most: int | None = None, is_required: bool = False) -> str:
    """A cell as an id, number or reference: like `text_cell`, without invisible characters."""
    return text_cell({column: read_code(row.get(column, ""))}, column, most=most, is_required=is_required)


def required(value: T | None) -> T:
    """A value that its reader has required to be there."""
    if value is None:
        raise LoyaltyError(Code.INVALID_INPUT)
    return value


def choice_cell(row: Values, column: str, choices: Collection[str], *, is_required: bool = False) -> str:
    """A cell in capitals, one of `choices`; "" if it is blank. Raises `LoyaltyError` 400."""
    choice = text_cell(row, column, is_required=is_required).upper()
    if choice and choice not in choices:
        raise refusal(row, column, f"is not one of {', '.join(sorted(filter(None, choices)))}")
    return choice


def number_cell(
    row: Values, column: str, *, most: Decimal, decimals: int | None = None, is_required: bool = False
) -> Decimal | None:
    """A cell as a plain decimal from -`most` to `most` with at most so many decimals; None if it is blank.

    Raises `LoyaltyError` 400.
    """
    text = text_cell(row, column, is_required=is_required)
    if not text:
        return None
    try:
        number = read_decimal(text)
    except NotPlainError as error:
        raise refusal(row, column, str(error)) from None
    if abs(number) > most:
        raise refusal(row, column, f"is too large; write at most {most}")
    if decimals is not None and not has_decimals(number, decimals):
        raise refusal(row, column, precision_problem(decimals))
    return number


def precision_problem(decimals: int) -> str:
    """The end of a sentence on a number with more decimals than permitted."""
    return f"has too many decimals; write at most {decimals}" if decimals else "has decimals; write a whole number"


def moment_cell(row: Values, column: str, zone: ZoneInfo, *, is_required: bool = False) -> datetime | None:
    """A cell as a moment (UTC), a wall time in `zone`; None if it is blank. Raises `LoyaltyError` 400."""
    text = text_cell(row, column, is_required=is_required)
    if not text:
        return None
    if problem := moment_problem(text):
        raise refusal(row, column, problem)
    moment = read_moment(text, zone)
    if moment is None:
        raise refusal(row, column, "is not a time; write YYYY-MM-DD HH:MM:SS, or YYYY-MM-DD")
    return moment


def moment_problem(text: str) -> str:
    """The end of a sentence on a time with an offset from UTC, which files do not have; "" for other text."""
    match = _OFFSET.fullmatch(text)
    if match is None:
        return ""
    return f"has an offset from UTC; write the time in the organization's time zone, like {match[1].replace('T', ' ')}"


def day_cell(row: Values, column: str, zone: ZoneInfo) -> date | None:
    """A cell as a day in `zone`; None if it is blank. Raises `LoyaltyError` 400."""
    moment = moment_cell(row, column, zone)
    return moment.astimezone(zone).date() if moment else None
