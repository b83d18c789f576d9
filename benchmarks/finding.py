"""Rows about the search box of the back office: what a user waits for while typing, without HTTP and the page."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from benchmarks.data import BenchData
from benchmarks.people import MOBILE, person
from benchmarks.results import Result, percentile
from customers.finding.admin import SHOWN_WHILE_TYPING
from organizations.audit.actors import staff_actor
from organizations.locations.models import Store, Till
from organizations.staff.models import StaffMember
from organizations.staff.reach import reach_of
from organizations.tenancy.scoping import organization_scope
from use_cases.finding import Seeker, find

_WARM_UP: Final = 5


def _with_typo(name: str) -> str:
    """The name with two letters near its end swapped."""
    return f"{name[:-3]}{name[-2]}{name[-3]}{name[-1]}"


TERMS: Final[Mapping[str, Callable[[int], str]]] = {
    "a whole mobile": lambda number: person(number)[MOBILE],
    "last four digits": lambda number: person(number)[MOBILE][-4:],
    "last six digits": lambda number: person(number)[MOBILE][-6:],
    "three digits": lambda number: person(number)[MOBILE][2:5],
    "an external id": lambda number: person(number)["external_id"],
    "an e-mail's beginning": lambda number: person(number)["email"][:8],
    "two letters": lambda number: person(number)["lastname"][:2],
    "a first name": lambda number: person(number)["firstname"],
    "both names": lambda number: f"{person(number)['firstname']} {person(number)['lastname']}",
    "a name with a typo": lambda number: _with_typo(person(number)["lastname"]),
    "a bill number": lambda number: f"{number}-1",
    "nothing": lambda number: f"zz{number}",
}


def measure_finding(data: BenchData, *, searches: int) -> Iterator[Result]:
    """Rows: each kind of term, so many one after the other, by staff who see every store and by staff of a store."""
    with organization_scope(data.organization):
        member = StaffMember.objects.create(
            organization=data.organization, username="bench.staff", role=StaffMember.Role.ORG_ADMIN
        )
        store = Store.objects.get(tills=Till.objects.get())
        other = Store.objects.create(organization=data.organization, code="bench.small", name="Small")
        seekers = {
            "": _seeker(member, data),
            ", of a store": _seeker(member, data, store.pk),
            ", of a store without customers": _seeker(member, data, other.pk),
        }
        for suffix, seeker in seekers.items():
            for name, term in TERMS.items():
                yield _measure(f"find {name}{suffix}", term, seeker, data, searches)


def _seeker(member: StaffMember, data: BenchData, *stores: int) -> Seeker:
    """A member of staff who sees these stores, every store without any."""
    reach = replace(reach_of(member), stores=frozenset(stores))
    actor = replace(staff_actor(member, data.organization), reach=reach)
    return Seeker(organizations=[data.organization], reach=reach, actor=actor)


def _measure(name: str, term: Callable[[int], str], seeker: Seeker, data: BenchData, searches: int) -> Result:
    seconds, hits = [], 0
    for number in data.some_numbers(searches + _WARM_UP):
        begun = time.perf_counter()
        findings = find(term(number), by=seeker, limit=SHOWN_WHILE_TYPING)
        seconds.append(time.perf_counter() - begun)
        hits = len(findings.hits)
    measured = seconds[_WARM_UP:]
    note = f"p50 of {len(measured)}; p95 {percentile(measured, 0.95) * 1000:.1f} ms; the last had {hits} hits"
    return Result(name=name, unit="ms", ours=[percentile(measured, 0.5) * 1000], note=note)
