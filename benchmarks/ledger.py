"""Rows about the ledger, in an organization of its own: spendings beside the same by hand, and the check of all entries."""

import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from random import Random
from typing import Final

from django.db import transaction

from benchmarks.filler import fill
from benchmarks.organization import LEDGER_ORGANIZATION, load_bench
from benchmarks.people import FILLED
from benchmarks.results import Result
from benchmarks.servers import database
from benchmarks.yardsticks.copying import last_ids
from benchmarks.yardsticks.posting import spendings_a_second
from engagement.points.checks.run import check_ledger
from engagement.points.ledger.movements import spend
from engagement.points.ledger.posting import EntryContext, Kind
from engagement.points.ledger.repository import lock_accounts, write_accounts
from engagement.points.models import PointsAccount
from loyalty_project import clock
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

PARTS: Final = ("ledger", "check")
_ACCOUNTS: Final = (1, 10_000)
_ENTRIES_OF_ACCOUNT: Final = 20
_ONE: Final = Decimal(1)
_WARM_UP: Final = 20


class LedgerBrokenError(Exception):
    """The check found errors, or the yardstick wrote other rows than the product."""


def measure_ledger(*, parts: Sequence[str], entries: int, rounds: int, seconds: float) -> Iterator[Result]:
    """The rows of these parts, with so many entries in all. Raises LedgerBrokenError."""
    organization = load_bench(LEDGER_ORGANIZATION)
    fill(organization, first=FILLED, count=entries // _ENTRIES_OF_ACCOUNT, every=1, entries=_ENTRIES_OF_ACCOUNT)
    if "ledger" in parts:
        for accounts in _ACCOUNTS:
            yield _measure_posting(organization, accounts=accounts, rounds=rounds, seconds=seconds)
    if "check" in parts:
        yield _measure_check(organization)


def _measure_posting(organization: Organization, *, accounts: int, rounds: int, seconds: float) -> Result:
    """Row: one point spent from one of so many accounts at a time, by one worker, each in a transaction of its own."""
    ours, bare = [], []
    with organization_scope(organization):
        rows = list(PointsAccount.objects.order_by("pk").values_list("pk", "customer_id")[:accounts])
        keys, customers = [pk for pk, _ in rows], [customer for _, customer in rows]
        _compare(organization, customer=customers[0], account=keys[0])
        for _ in range(rounds):
            bare.append(spendings_a_second(database(), organization=organization.pk, accounts=keys, seconds=seconds))
            ours.append(_spendings_a_second(organization, customers, seconds))
    return Result(
        name=f"spend, {len(rows):,} account{'s' if len(rows) > 1 else ''}",
        unit="posts/s",
        yardstick=bare,
        ours=ours,
        note="one worker; beside two prepared statements",
    )


def _compare(organization: Organization, *, customer: int, account: int) -> None:
    """Raise LedgerBrokenError unless the yardstick leaves rows in the same tables and the same figures in the account."""
    written = []
    for spend_once in (
        lambda: _spend(organization, customer),
        lambda: spendings_a_second(database(), organization=organization.pk, accounts=[account], seconds=0, warm_up=1),
    ):
        before, figures = last_ids(database()), _figures(account)
        spend_once()
        after = last_ids(database())
        grown = {table: after[table] - before[table] for table in after if after[table] > before[table]}
        written.append((grown, [new - old for new, old in zip(_figures(account), figures, strict=True)]))
    if written[0] != written[1]:
        raise LedgerBrokenError(f"The product wrote {written[0]}, the yardstick {written[1]}.")


def _figures(account: int) -> Sequence[Decimal | int]:
    return PointsAccount.objects.values_list("balance", "redeemed", "lifetime", "promised", "version").get(pk=account)


def _measure_check(organization: Organization) -> Result:
    """Row: check_ledger over all entries."""
    with organization_scope(organization):
        entries = sum(PointsAccount.objects.values_list("version", flat=True))
    begun = time.perf_counter()
    findings = list(map(str, check_ledger(organization)))
    seconds = time.perf_counter() - begun
    if findings:
        raise LedgerBrokenError(f"{len(findings)} findings, the first: {findings[0]}")
    return Result(name="check_ledger", unit="entries/s", ours=[entries / seconds], note=f"{entries:,} in {seconds:.1f} s")


def _spendings_a_second(organization: Organization, customers: Sequence[int], seconds: float) -> float:
    chance = Random(0)
    for _ in range(_WARM_UP):
        _spend(organization, chance.choice(customers))
    done, begun = 0, time.perf_counter()
    while (passed := time.perf_counter() - begun) < seconds:
        _spend(organization, chance.choice(customers))
        done += 1
    return done / passed


def _spend(organization: Organization, customer: int) -> None:
    now = clock.now()
    with transaction.atomic():
        (state,) = lock_accounts([customer], zone=organization.zone).values()
        spend(state, _ONE, kind=Kind.REDEEM, facts=EntryContext(occurred_at=now, recorded_at=now, made_by="bench"))
        write_accounts([state])
