"""Rows about customer/search: kinds of searches, from those with one hit to those that all customers match."""

import json
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import quote

from benchmarks.calls import SUCCESS, make_load, read_call
from benchmarks.data import BenchData
from benchmarks.filler import vacuum
from benchmarks.load import Load, answer_to
from benchmarks.people import CITY, MOBILE, person
from benchmarks.results import Result, percentile
from benchmarks.servers import Served
from customers.field_terms.services import align_fields
from organizations.fields.models import FieldDefinition
from organizations.tenancy.scoping import organization_scope

_WARM_UP: Final = 5


def _selective(number: int) -> dict[str, str]:
    """Searches for a customer by identifiers and fields."""
    who = person(number)
    return {
        "lastname EXACT": f"(lastname:EXACT:{who['lastname']})",
        "firstname ENDS": f"(firstname:ENDS:given{number % 5000})",
        "mobile EQUALS": f"(mobile:EQUALS:{who[MOBILE]})",
        "mobile ENDS": f"(mobile:ENDS:{who[MOBILE][-6:]})",
        "email STARTS": f"(email:STARTS:person{number})",
        "city STARTS, a first name": f"({CITY}:STARTS:city {number % 300})&(firstname:EQUALS:{who['firstname']})",
        "colour, a last name": f"(favourite_colour:EQUALS:red)&(lastname:EQUALS:{who['lastname']})",
        "points RANGE": f"(loyalty_points:RANGE:{number % 10000};{number % 10000 + 5})",
        "day of registration": f"(registered_date:ON:{2020 + number % 3}-0{1 + number % 9}-1{number % 10})",
        "purchases, a last name": f"(lifetime_purchases:LESS:40000)&(lastname:STARTS:{who['lastname'][:5]})",
    }


def _broad(number: int) -> dict[str, str]:
    """Searches that match a tenth or a hundredth of the customers, or all."""
    beginning = person(number)["lastname"][:2].lower()
    first = beginning[0]
    return {
        "lastname STARTS, two letters": f"(lastname:STARTS:{beginning})",
        "lastname STARTS, one letter": f"(lastname:STARTS:{first})",
        "two names STARTS": f"(lastname:STARTS:{first})&(firstname:STARTS:{beginning})",
        "mobile ENDS, one digit": f"(mobile:ENDS:{number % 10})",
        "city STARTS": f"({CITY}:STARTS:city {1 + number % 2})",
        "points GREATER": f"(loyalty_points:GREATER:{9000 + number % 10})",
        "points LESS": f"(loyalty_points:LESS:{1000 + number % 10})",
        "mobile STARTS, all customers": "(mobile:STARTS:91)",
    }


def _index_city(data: BenchData) -> None:
    """Make the field searchable, as the organization file and the command after it do."""
    with organization_scope(data.organization):
        FieldDefinition.objects.filter(name=CITY).update(is_searchable=True)
        align_fields(data.organization)
    vacuum()


def measure_search(server: Served, data: BenchData, *, searches: int) -> Iterator[Result]:
    """Rows: each kind of search, so many one after the other, over HTTP."""
    _index_city(data)
    for kinds in (_selective, _broad):
        for name in kinds(1):
            yield _measure(server, name, lambda number, name=name, kinds=kinds: kinds(number)[name], data, searches)  # type: ignore[misc]


def _measure(server: Served, name: str, search: Callable[[int], str], data: BenchData, searches: int) -> Result:
    numbers = data.some_numbers(searches + _WARM_UP)
    calls = [read_call(f"/v1.1/customer/search?q={quote(search(number))}") for number in numbers]
    load = Load(
        port=server.port, calls=calls, seconds=600, connections=1, is_repeated=False, wanted=SUCCESS
    )  # fmt: skip
    latencies = make_load(load).latencies[_WARM_UP:]
    body = answer_to(server.port, calls[-1]).partition(b"\r\n\r\n")[2]
    hits = int(json.loads(body)["response"]["customer"]["count"])
    return Result(
        name=f"search {name}",
        unit="ms",
        ours=[percentile(latencies, 0.5) * 1000],
        note=f"p50 of {len(latencies)}; p95 {percentile(latencies, 0.95) * 1000:.1f} ms; the last had {hits:,} hits",
    )
