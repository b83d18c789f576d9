"""Rows about what tills write: bills and redemptions beside the same statements by hand, and a mixture of all calls."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from random import Random
from typing import Any, Final

from benchmarks.calls import (
    BILL_LINES,
    NO_FAILURES,
    SUCCESS,
    add_call,
    bill_call,
    get_call,
    issue_call,
    make_load,
    redeem_call,
    use_call,
)
from benchmarks.data import BenchData
from benchmarks.filler import fill, vacuum
from benchmarks.gets import Effort
from benchmarks.load import Load, Measured, answer_to
from benchmarks.organization import load_till_bench
from benchmarks.people import FILLED, NEW_OVER_HTTP
from benchmarks.results import Result
from benchmarks.servers import Served, bare_selling, database
from benchmarks.waiting import CONNECTIONS, waiting_row
from benchmarks.watching import Run, alternate, beside_bare_row, watched
from benchmarks.yardsticks.copying import last_ids
from engagement.programs.models import ProgramVersion
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

PARTS: Final = ("bill", "redeem", "mixed")
# Organizations of their own: what is written here must not change what a get reads.
_WITHOUT_TIERS, _WITH_TIERS, _REDEEMING = "tillbench", "tierbench", "redeembench"
# Calls that are prepared for each second: more than any server takes.
_FASTEST: Final = 2_000
_WARM_UP_SECONDS: Final = 1.0
_SERIES: Final = "PRINTED"
_OFFERED_RATE: Final = 100
_numbers = count(1)
_Call = Callable[..., str]


class OtherRowsError(Exception):
    """The yardstick wrote other rows than the product."""


def measure_tills(server: Served, data: BenchData, effort: Effort, *, parts: Sequence[str], customers: int) -> Iterator[Result]:
    """The rows of these parts, with so many customers. Raises OtherRowsError, and ServerError if a server does not start."""
    if "bill" in parts:
        for code, with_tiers in ((_WITHOUT_TIERS, False), (_WITH_TIERS, True)):
            name = f"transaction/add of {BILL_LINES} lines, {'with' if with_tiers else 'without'} tiers"
            organization = _filled(code, customers, with_tiers=with_tiers)
            yield _beside_bare(name, server, organization, bill_call, effort, customers)
    if "redeem" in parts:
        organization = _filled(_REDEEMING, customers, with_tiers=False)
        yield _beside_bare("points/redeem", server, organization, redeem_call, effort, customers)
    if "mixed" in parts:
        yield _measure_mixed(server, data, effort)


def _filled(code: str, customers: int, *, with_tiers: bool) -> Organization:
    """An organization with so many customers, each with plenty of points and two bills."""
    organization = load_till_bench(code, with_tiers=with_tiers)
    fill(organization, first=FILLED, count=customers, every=1, entries=2)
    return organization


def _beside_bare(name: str, server: Served, organization: Organization, call: _Call, effort: Effort, customers: int) -> Result:
    """Row: calls that write, beside the bare application. Each call is another bill or redemption, of any customer."""
    chance, till = Random(0), f"{organization.code}.till1"

    def one_call() -> str:
        return call(next(_numbers), FILLED + chance.randrange(customers), till=till)

    def run(served: Served, seconds: float) -> Measured:
        return make_load(
            Load(
                port=served.port, calls=[one_call() for _ in range(int(seconds * _FASTEST))], seconds=seconds,
                connections=effort.connections, is_repeated=False, wanted=SUCCESS, unwanted=NO_FAILURES,
            )
        )  # fmt: skip

    def watch(served: Served) -> Run:
        return watched(served, partial(run, served, effort.seconds))

    with bare_selling(_configuration(organization)) as bare:
        _compare_rows(server, bare, one_call)
        for served in (bare, server):
            run(served, min(effort.seconds, _WARM_UP_SECONDS))
        # An installation that has sold for a minute knows the sizes of its tables.
        vacuum()
        return beside_bare_row(name, *alternate(partial(watch, bare), partial(watch, server), rounds=effort.rounds))


def _compare_rows(server: Served, bare: Served, call: Callable[[], str]) -> None:
    """Raise OtherRowsError unless both leave as many rows in the same tables."""
    # The first rows of a table may have any id.
    answer_to(server.port, call())
    grown = []
    for served in (server, bare):
        before = last_ids(database())
        answer = answer_to(served.port, call())
        if SUCCESS.encode() not in answer or NO_FAILURES.encode() in answer:
            raise OtherRowsError(answer.decode(errors="replace"))
        after = last_ids(database())
        # The product counts calls and wrong passwords now and then, in tables of other apps.
        tables = [table for table in after if table.startswith("engagement_") and after[table] > before[table]]
        grown.append({table: after[table] - before[table] for table in tables})
    if grown[0] != grown[1]:
        raise OtherRowsError(f"The product wrote {grown[0]}, the yardstick {grown[1]}.")


def _configuration(organization: Organization) -> dict[str, Any]:
    """What the bare application knows from the beginning, as the product does."""
    with organization_scope(organization):
        till, version = Till.objects.get(), ProgramVersion.objects.get()
    return {
        "version": Organization.objects.values_list("configuration_version", flat=True).get(pk=organization.pk),
        "zone": organization.timezone,
        "till": till.pk,
        "store": till.store_id,
        "program": version.program_id,
        "rules": version.pk,
    }


def _measure_mixed(server: Served, data: BenchData, effort: Effort) -> Result:
    """Row: gets, registrations, bills, redemptions and coupons in turn, at a fixed rate."""
    seconds = 3 * effort.seconds
    calls = [_mixed_calls(server, data, int(seconds * _OFFERED_RATE)) for _ in range(effort.rounds)]
    _mixed_load(server, _mixed_calls(server, data, int(effort.seconds * _OFFERED_RATE)), effort.seconds)
    runs = [_mixed_load(server, of_run, seconds) for of_run in calls]
    return waiting_row(
        runs,
        rate=_OFFERED_RATE,
        name=f"{_OFFERED_RATE} mixed calls/s: p99, beside p50",
        note="get, add, bill, redemption, coupon issued and used",
    )


def _mixed_load(server: Served, calls: list[str], seconds: float) -> Measured:
    return make_load(
        Load(
            port=server.port, calls=calls, seconds=seconds, connections=CONNECTIONS, rate=_OFFERED_RATE,
            is_repeated=False, wanted=SUCCESS, unwanted=NO_FAILURES,
        )
    )  # fmt: skip


def _mixed_calls(server: Served, data: BenchData, number: int) -> list[str]:
    """So many calls of members with points. The coupons that are used are issued here."""
    members = data.some_numbers(number)
    calls = []
    for turn, member in enumerate(members):
        current = next(_numbers)
        match turn % 6:
            case 0:
                calls.append(get_call([member]))
            case 1:
                calls.append(add_call([NEW_OVER_HTTP + 50_000_000 + current]))
            case 2:
                calls.append(bill_call(current, member))
            case 3:
                calls.append(redeem_call(current, member))
            case 4:
                calls.append(issue_call(current, member, series=_SERIES))
            case _:
                _, _, issued = answer_to(server.port, issue_call(current, member, series=_SERIES)).partition(b"\r\n\r\n")
                calls.append(use_call(current, member, code=json.loads(issued)["response"]["coupon"]["code"]))
    return calls
