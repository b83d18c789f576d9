"""Parameters of a list's address: the names that a list has, and the form that the value of each must have.

A list answers an address with any other name or form by a sentence and without rows, and does not run it.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Final

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.http import QueryDict

from loyalty_project.protocol.values import has_unusable_text

# True if a text has the form of a parameter's values.
Shape = Callable[[str], bool]

MAX_TEXT: Final = 300
# An offset of half a million rows. Filters and the search box lead further.
MAX_PAGE: Final = 10_000
_MAX_ID: Final = 2**63 - 1
_ID: Final = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ORDER: Final = re.compile(r"-?[0-9]{1,2}(\.-?[0-9]{1,2}){0,9}", re.ASCII)


def is_row_id(text: str) -> bool:
    """True for the id of a row in plain digits."""
    return _ID.fullmatch(text) is not None and int(text) <= _MAX_ID


def is_day(text: str) -> bool:
    """True for a day as YYYY-MM-DD, from the year 1900 on."""
    if _DAY.fullmatch(text) is None:
        return False
    try:
        return date.fromisoformat(text).year >= 1900
    except ValueError:
        return False


def is_search_text(text: str) -> bool:
    """True for at most 300 characters that can be stored."""
    return len(text) <= MAX_TEXT and not has_unusable_text(text)


def one_of(values: Collection[str]) -> Shape:
    """The form of a value that is one of `values`."""
    admitted = frozenset(values)
    return lambda text: text in admitted


def order_by_columns(sortable: Callable[[], Collection[int]]) -> Shape:
    """The form of an order: numbers of sortable columns, separated by points; a minus for descending order."""

    def is_order(text: str) -> bool:
        if _ORDER.fullmatch(text) is None:
            return False
        numbers = sortable()
        return all(int(part.lstrip("-")) in numbers for part in text.split("."))

    return is_order


def _is_page(text: str) -> bool:
    return is_row_id(text) and int(text) <= MAX_PAGE


def list_parameters(filters: Mapping[str, Shape], *, sortable: Callable[[], Collection[int]]) -> dict[str, Shape]:
    """The parameters of a list: those of its `filters`, and those that every list has. `sortable` gives numbers of columns."""
    return {
        **filters,
        SEARCH_VAR: is_search_text,
        PAGE_VAR: _is_page,
        ORDER_VAR: order_by_columns(sortable),
    }


def admitted_parameters(query: QueryDict, parameters: Mapping[str, Shape]) -> QueryDict:
    """The parameters of an address, without blank values, which forms send for what is not chosen.

    Raises `IncorrectLookupParameters` for a name or form that is not among `parameters`, and for two values of one name.
    """
    admitted = QueryDict(mutable=True)
    for name, values in query.lists():
        if name == ERROR_FLAG:
            continue
        if name == ALL_VAR and values == [""]:
            admitted[name] = ""
            continue
        given = {value for value in values if value}
        if not given:
            continue
        value = given.pop()
        if given or name not in parameters or not parameters[name](value):
            raise IncorrectLookupParameters
        admitted[name] = value
    return admitted
