"""Rows about reads over HTTP: customer/get beside the bare application, its latency, batches, formats and growth."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from json.encoder import encode_basestring as quoted
from random import Random
from typing import Any, Final

from benchmarks.calls import EVERY_FLAG, NO_FAILURES, SUCCESS, get_call, make_load, read_call
from benchmarks.data import BenchData
from benchmarks.load import Load, Measured, answer_to
from benchmarks.results import Result, Target, percentile
from benchmarks.servers import Served, bare_reading
from benchmarks.waiting import CONNECTIONS, waiting_row
from benchmarks.watching import Run, alternate, beside_bare_row, cost, generator_share, watched
from engagement.programs.models import Program, Tier
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

PARTS: Final = ("get", "flags", "p99", "batch", "authentication", "xml", "growth")
BATCH: Final = 100
_OFFERED_RATE: Final = 200
_WARM_UP_SECONDS: Final = 1.5
_COMPARED: Final = 50
_SPREAD: Final = 2000
# Headers that differ from answer to answer; the bare application makes its own.
_OWN_HEADERS: Final = {"content-length", "date", "x-cap-requestid", "x-ratelimit-remaining", "x-ratelimit-reset"}


class OtherBytesError(Exception):
    """The yardstick answered with other bytes than the product, so that the two cannot be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """Effort for a row: runs of each side in turn, seconds of a run, connections with a call under way."""

    rounds: int
    seconds: float
    connections: int


def measure_gets(ours: Served, data: BenchData, effort: Effort, *, parts: Sequence[str], grown: int) -> Iterator[Result]:
    """The rows of these parts. The last of them, growth, fills the database up to `grown` customers.

    Raises OtherBytesError and WrongAnswerError, ServerError if the bare application does not start.
    """
    numbers = _shuffled(range(1, data.members + 1))
    singles = [get_call([number]) for number in numbers]
    # Every plan is made and every page is read before anything is measured.
    _closed(ours, singles, effort, seconds=_WARM_UP_SECONDS)
    if "get" in parts:
        with bare_reading(_configuration(data.organization, ours)) as bare:
            yield _measure_get(ours, bare, singles, effort)
    if "flags" in parts:
        yield _measure_flags(ours, numbers, singles, effort)
    if "p99" in parts:
        yield _measure_p99(ours, singles, effort)
    if "batch" in parts:
        yield _measure_batch(ours, numbers, singles, effort)
    if "authentication" in parts:
        yield _measure_authentication(ours, effort)
    if "xml" in parts:
        yield _measure_xml(ours, numbers, singles, effort)
    if "growth" in parts:
        yield _measure_growth(ours, data, effort, grown=grown)


def _measure_get(ours: Served, bare: Served, calls: Sequence[str], effort: Effort) -> Result:
    compare_answers(ours, bare, calls[:_COMPARED])
    _closed(bare, calls, effort, seconds=_WARM_UP_SECONDS)
    watch_bare, watch_ours = (partial(_watched, server, calls, effort) for server in (bare, ours))
    return beside_bare_row("customer/get", *alternate(watch_bare, watch_ours, rounds=effort.rounds))


def _measure_flags(ours: Served, numbers: Sequence[int], singles: Sequence[str], effort: Effort) -> Result:
    flagged = [get_call([number], more=EVERY_FLAG) for number in numbers]
    _closed(ours, flagged, effort, seconds=_WARM_UP_SECONDS)
    watch_plain, watch_flagged = (partial(_watched, ours, calls, effort) for calls in (singles, flagged))
    plain, every = alternate(watch_plain, watch_flagged, rounds=effort.rounds)
    return Result(
        name="get with every flag, beside plain",
        unit="calls/s",
        yardstick=[run.measured.rate for run in plain],
        ours=[run.measured.rate for run in every],
        note=f"processor a call {cost(every)}, plain {cost(plain)}",
    )


def _measure_p99(ours: Served, calls: Sequence[str], effort: Effort) -> Result:
    load = Load(
        port=ours.port, calls=list(calls), seconds=3 * effort.seconds, connections=CONNECTIONS, rate=_OFFERED_RATE,
        wanted=SUCCESS, unwanted=NO_FAILURES,
    )  # fmt: skip
    runs = [make_load(load) for _ in range(effort.rounds)]
    return waiting_row(runs, rate=_OFFERED_RATE, name=f"p99 at {_OFFERED_RATE} gets/s, beside p50")


def _measure_batch(ours: Served, numbers: Sequence[int], singles: Sequence[str], effort: Effort) -> Result:
    size = min(BATCH, len(numbers))
    batches = [get_call(numbers[first : first + size]) for first in range(0, len(numbers) - size + 1, size)]
    one_each, many_each = (partial(_closed, ours, calls, effort) for calls in (singles, batches))
    single, together = alternate(one_each, many_each, rounds=effort.rounds)
    return Result(
        name=f"get of {size} in a call, beside singly",
        unit="customers/s",
        yardstick=[run.rate for run in single],
        ours=[run.rate * size for run in together],
        target=Target(value=8),
        note=generator_share([*single, *together]),
    )


def _measure_authentication(ours: Served, effort: Effort) -> Result:
    # An address without an action: 404 for the till, 401 for others, and nothing but the credential between the two.
    address = "/v1.1/customer/nothing"
    calls = [read_call(address, is_authenticated=False), read_call(address)]
    load = Load(port=ours.port, calls=calls, seconds=effort.seconds, connections=1, statuses=[401, 404])
    make_load(load)
    runs = [make_load(load).latencies for _ in range(effort.rounds)]
    return Result(
        name="authentication, warm",
        unit="ms",
        yardstick=[percentile(latencies[0::2], 0.5) * 1000 for latencies in runs],
        ours=[percentile(latencies[1::2], 0.5) * 1000 for latencies in runs],
        is_difference=True,
        target=Target(value=0.3, unit="ms", is_most=True),
        note="p50 of 404 with a credential, beside 401 without",
    )


def _measure_xml(ours: Served, numbers: Sequence[int], singles: Sequence[str], effort: Effort) -> Result:
    load = Load(
        port=ours.port, calls=[get_call([number], kind="xml") for number in numbers], seconds=effort.seconds,
        connections=effort.connections, wanted="<success>true</success>", unwanted="<success>false</success>",
    )  # fmt: skip
    make_load(load)
    json_runs, xml_runs = alternate(partial(_closed, ours, singles, effort), partial(make_load, load), rounds=effort.rounds)
    return Result(
        name="get as XML, beside JSON",
        unit="calls/s",
        yardstick=[run.rate for run in json_runs],
        ours=[run.rate for run in xml_runs],
        target=Target(value=0.85),
        note=generator_share([*json_runs, *xml_runs]),
    )


def _measure_growth(ours: Served, data: BenchData, effort: Effort, *, grown: int) -> Result:
    small = data.customers
    before = _medians(ours, data, effort)
    data.fill_up_to(grown)
    after = _medians(ours, data, effort)
    return Result(
        name=f"get p50 with {data.customers:,} customers, beside {small:,}",
        unit="ms",
        yardstick=before,
        ours=after,
        target=Target(value=1.25, is_most=True),
        note="one connection; customers spread over all, each read before",
    )


def _medians(ours: Served, data: BenchData, effort: Effort) -> list[float]:
    """The p50 of each round, in milliseconds, of warm gets by one connection."""
    calls = [get_call([number]) for number in _shuffled(data.known_numbers(_SPREAD))]
    once = Load(
        port=ours.port, calls=calls, seconds=600, connections=effort.connections, is_repeated=False, wanted=SUCCESS,
        unwanted=NO_FAILURES,
    )  # fmt: skip
    make_load(once)
    alone = Effort(rounds=effort.rounds, seconds=effort.seconds, connections=1)
    return [percentile(_closed(ours, calls, alone).latencies, 0.5) * 1000 for _ in range(effort.rounds)]


def _watched(server: Served, calls: Sequence[str], effort: Effort) -> Run:
    """A run with these calls, and what it costs."""
    return watched(server, partial(_closed, server, calls, effort))


def _closed(server: Served, calls: Sequence[str], effort: Effort, *, seconds: float | None = None) -> Measured:
    """As many of these calls as the server takes."""
    return make_load(
        Load(
            port=server.port, calls=list(calls), seconds=effort.seconds if seconds is None else min(seconds, effort.seconds),
            connections=effort.connections, wanted=SUCCESS, unwanted=NO_FAILURES,
        )
    )  # fmt: skip


def _shuffled(numbers: Iterable[int]) -> list[int]:
    return Random(0).sample(found := list(numbers), len(found))


def compare_answers(ours: Served, bare: Served, calls: Sequence[str]) -> None:
    """Raise OtherBytesError unless both answer the same to all calls."""
    for call in calls:
        answers = [_parts(answer_to(server.port, call)) for server in (ours, bare)]
        if answers[0] != answers[1]:
            raise OtherBytesError(f"{call.splitlines()[0]}\nproduct: {answers[0]}\nyardstick: {answers[1]}")


def _parts(answer: bytes) -> tuple[str, dict[str, str], bytes]:
    """Status line, headers by lower-case name, body; headers that differ from answer to answer without their values."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return status, {name: "" if name in _OWN_HEADERS else value for name, value in headers.items()}, body


def _configuration(organization: Organization, ours: Served) -> dict[str, Any]:
    """What the bare application knows from the beginning, as the product does: the configuration and the fixed headers."""
    _, headers, _ = _parts(answer_to(ours.port, get_call([1])))
    with organization_scope(organization):
        program = Program.objects.get()
        tiers = list(program.tiers.order_by("position"))
        fields = list(FieldDefinition.objects.filter(is_active=True).order_by("pk"))
        return {
            "version": Organization.objects.values_list("configuration_version", flat=True).get(pk=organization.pk),
            "zone": organization.timezone,
            "limit": organization.policy.rate_limit,
            "headers": {name: value for name, value in headers.items() if name not in _OWN_HEADERS},
            "program": {
                "id": program.pk,
                "title": quoted(program.name),
                "description": quoted(program.description),
                "ratio": "0.5",
                "tiers": [_tier(tier, following) for tier, following in zip_longest(tiers, tiers[1:])],
            },
            "tills": {till.pk: {"code": till.code, "name": till.name} for till in Till.objects.all()},
            "stores": {store.pk: {"code": store.code, "name": store.name} for store in Store.objects.all()},
            "custom": [(field.pk, field.name) for field in fields if field.category == "custom"],
            "extended": [(field.pk, field.name) for field in fields if field.category == "extended"],
        }


def _tier(tier: Tier, following: Tier | None) -> dict[str, Any]:
    above = (following.name, following.position, following.description) if following else ("", -1, "")
    return {
        "id": tier.pk,
        "name": quoted(tier.name),
        "position": tier.position,
        "description": quoted(tier.description),
        "next": {"name": quoted(above[0]), "position": above[1], "description": quoted(above[2])},
    }
