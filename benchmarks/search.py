"""Duration of searches by the number of results: in the database alone, and in the whole call."""

import json
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any
from urllib.parse import quote

from django.db import connection

from benchmarks.filler import Filled
from benchmarks.in_process import checked, till_client
from benchmarks.people import CITY, MOBILE, person
from benchmarks.tables import Result, Side
from customers.field_terms.services import align_fields
from engagement.programs.models import Program
from organizations.fields.models import FieldDefinition
from organizations.tenancy.scoping import organization_scope

_SEARCHES = 60
_WARM_UP = 5
# A prime, so that the customers of consecutive searches are far apart.
_STRIDE = 7919
_FILL = (
    """
    INSERT INTO engagement_membership (organization_id, customer_id, program_id, enrolled_on)
    SELECT organization_id, id, %(program)s, registered_on FROM customers_customer
    WHERE organization_id = %(organization)s ORDER BY id ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO engagement_pointsaccount (
        organization_id, customer_id, program_id, balance, promised, lifetime, redeemed, expired, returned, promised_returned,
        adjusted, floor, purchases, visits, version
    )
    SELECT organization_id, id, %(program)s, id %% 10000, 0, id %% 10000, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM customers_customer
    WHERE organization_id = %(organization)s ORDER BY id ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO engagement_purchasetotals (organization_id, customer_id, amount, bills, last_amount)
    SELECT organization_id, id, id %% 50000, 1, id %% 500 FROM customers_customer
    WHERE organization_id = %(organization)s ORDER BY id ON CONFLICT DO NOTHING
    """,
)


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
        "mobile STARTS, everybody": "(mobile:STARTS:91)",
    }


def fill_search(filled: Filled) -> None:
    """Give every customer points and purchases, and index one of the fields."""
    organization = filled.organization
    with organization_scope(organization):
        program, _ = Program.objects.get_or_create(organization=organization, is_default=True, defaults={"name": "Bench club"})
        FieldDefinition.objects.filter(name=CITY).update(is_searchable=True)
        with connection.cursor() as cursor:
            for statement in _FILL:
                cursor.execute(statement, {"organization": organization.pk, "program": program.pk})
        align_fields(organization)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def measure_search(filled: Filled) -> Iterator[Result]:
    """Rows: each kind of search, one after the other; latencies are those of counting and finding the page, in the database."""
    for searches in (_selective, _broad):
        for name in searches(1):
            yield _measure(name, lambda number, name=name, searches=searches: searches(number)[name], filled)  # type: ignore[misc]


def _measure(name: str, search: Callable[[int], str], filled: Filled) -> Result:
    numbers = count(1)
    for _ in range(_WARM_UP):
        _search(search(next(numbers)))
    inside, hits, begun = [], 0, time.perf_counter()
    for number in range(_SEARCHES):
        spent: list[float] = []
        with connection.execute_wrapper(_stopwatch(spent)):
            hits += _search(search(1 + number * _STRIDE % filled.customers))
        inside.append(sum(spent))
    whole = time.perf_counter() - begun
    return Result(
        name=f"search {name}",
        unit="searches/s",
        ours=Side([_SEARCHES / whole], inside),
        note=f"{hits // _SEARCHES:,} hits; times are the database's",
    )


def _search(text: str) -> int:
    answer = json.loads(checked(till_client().get(f"/v1.1/customer/search?q={quote(text)}")))
    return int(answer["response"]["customer"]["count"])


def _stopwatch(spent: list[float]) -> Callable[..., Any]:
    def timed(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's signature
        begun = time.perf_counter()
        result = execute(sql, params, many, context)
        # Of a search, only what counts and finds the page is in a transaction.
        if connection.in_atomic_block:
            spent.append(time.perf_counter() - begun)
        return result

    return timed
