"""Forms of the values in addresses of lists."""

import pytest
from django.contrib.admin.options import IncorrectLookupParameters
from django.http import QueryDict

from organizations.back_office.parameters import (
    Shape,
    admitted_parameters,
    is_day,
    is_row_id,
    is_search_text,
    list_parameters,
    one_of,
)

PARAMETERS = list_parameters({"state": one_of(["open"]), "store": is_row_id}, sortable=lambda: {1, 3})


@pytest.mark.parametrize(
    ("shape", "right", "wrong"),
    [
        (is_row_id, ["1", str(2**63 - 1)], ["0", "01", "-1", "²", "٣", "1.0", " 1", str(2**63), "9" * 5000]),
        (is_day, ["1900-01-01", "2026-02-28", "9999-12-31"], ["2026-02-30", "20260228", "2026-W01-1", "0001-01-01", "soon"]),
        (is_search_text, ["anna rao", "(", "x" * 300], ["\x00", "\ud800", "x" * 301]),
        (PARAMETERS["p"], ["1", "10000"], ["0", "10001", "²"]),
        (PARAMETERS["o"], ["1", "-3.1"], ["2", "1.2", "--1", "²", "9" * 5000, ".".join(["1"] * 11)]),
    ],
)
def test_values_have_the_form_of_their_parameter(shape: Shape, right: list[str], wrong: list[str]) -> None:
    assert [value for value in right if not shape(value)] == []
    assert [value for value in wrong if shape(value)] == []


@pytest.mark.parametrize(
    ("query", "admitted"),
    [
        ("state=open&store=&q=", "state=open"),
        ("state=open&state=open", "state=open"),
        ("e=1&p=2", "p=2"),
        ("all=", "all="),
    ],
)
def test_blank_and_repeated_values_are_left_out(query: str, admitted: str) -> None:
    assert admitted_parameters(QueryDict(query), PARAMETERS).urlencode() == admitted


@pytest.mark.parametrize("query", ["state=closed", "password__regex=a", "store=1&store=2", "all=x", "_popup=1", "_facets=1"])
def test_other_names_and_values_are_refused(query: str) -> None:
    with pytest.raises(IncorrectLookupParameters):
        admitted_parameters(QueryDict(query), PARAMETERS)
