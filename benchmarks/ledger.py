"""Speed of postings beside the same SQL by hand, and of the check of a large ledger."""

import time
from collections.abc import Sequence
from decimal import Decimal
from random import Random

from django.db import connection, transaction

from benchmarks.expectations import TOLERANCE, TRANSACTIONS
from benchmarks.filler import Filled
from benchmarks.servers import database
from benchmarks.tables import Result, Side
from benchmarks.yardsticks.posting import spendings_a_second
from engagement.points.checks.run import check_ledger
from engagement.points.ledger.movements import spend
from engagement.points.ledger.posting import EntryContext, Kind
from engagement.points.ledger.repository import lock_accounts, write_accounts
from engagement.points.models import PointsAccount
from engagement.programs.models import Program
from loyalty_project import clock
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

_ONE = Decimal(1)
_WARM_UP = 20
_ENTRIES_OF_ACCOUNT = 20
# Each account was given a lot and spent of it so many times; enough is left for any number of spendings.
_GIVEN = 1_000_000
_FILL = """
INSERT INTO engagement_pointsaccount (
    organization_id, customer_id, program_id, balance, promised, lifetime, redeemed, expired, returned, promised_returned,
    adjusted, floor, purchases, visits, version
)
SELECT %(organization)s, id, %(program)s, %(given)s - %(spent)s, 0, %(given)s, %(spent)s, 0, 0, 0, 0, 0, 0, 0, %(spent)s + 1
FROM customers_customer WHERE organization_id = %(organization)s ORDER BY id LIMIT %(accounts)s
"""
_FILL_ENTRIES = """
INSERT INTO engagement_pointsentry (
    organization_id, account_id, version, kind, points, promised, balance_after, occurred_at, recorded_at, reference, note,
    made_by, explanation
)
SELECT %(organization)s, account.id, n + 1, CASE n WHEN 0 THEN 'AWARD' ELSE 'REDEEM' END,
    CASE n WHEN 0 THEN %(given)s ELSE -1 END, 0, %(given)s - n, moment, moment, '', '', 'bench', '{}'
FROM engagement_pointsaccount AS account, generate_series(0, %(spent)s) AS n,
    LATERAL (SELECT timestamptz '2025-01-01 UTC' + n * interval '1 day' AS moment) AS at
WHERE account.organization_id = %(organization)s ORDER BY n, account.id
"""
_FILL_LOTS = """
INSERT INTO engagement_pointslot (
    organization_id, account_id, entry_id, kind, points, "left", expired, returned, moved, awarded_at, is_open, moves
)
SELECT organization_id, account_id, id, 'regular', points, points - %(spent)s, 0, 0, 0, occurred_at, true, ''
FROM engagement_pointsentry WHERE organization_id = %(organization)s AND kind = 'AWARD' ORDER BY id
"""
_FILL_CONSUMPTIONS = """
INSERT INTO engagement_pointsconsumption (organization_id, entry_id, lot_id, points)
SELECT entry.organization_id, entry.id, lot.id, 1
FROM engagement_pointsentry AS entry JOIN engagement_pointslot AS lot ON lot.account_id = entry.account_id
WHERE entry.organization_id = %(organization)s AND entry.kind = 'REDEEM' ORDER BY entry.id
"""


class LedgerBrokenError(Exception):
    """The check of the measured ledger found errors."""


def fill_ledger(filled: Filled, *, entries: int) -> None:
    """Give members accounts with so many entries in all: one award each, and spendings of one point."""
    organization = filled.organization
    with organization_scope(organization):
        program = Program.objects.get(is_default=True)
    given = {
        "organization": organization.pk,
        "program": program.pk,
        "accounts": entries // _ENTRIES_OF_ACCOUNT,
        "given": _GIVEN,
        "spent": _ENTRIES_OF_ACCOUNT - 1,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (_FILL, _FILL_ENTRIES, _FILL_LOTS, _FILL_CONSUMPTIONS):
            cursor.execute(statement, given)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def measure_posting(filled: Filled, *, accounts: int, rounds: int, seconds: float) -> Result:
    """Row: one point spent from one of so many accounts at a time, by one worker, each in a transaction of its own."""
    organization = filled.organization
    with organization_scope(organization):
        rows = list(PointsAccount.objects.order_by("pk").values_list("pk", "customer_id")[:accounts])
        customers = [customer for _, customer in rows]
        ours, bare = [], []
        for _ in range(rounds):
            ours.append(_spendings_a_second(organization, customers, seconds))
            bare.append(
                spendings_a_second(database(), organization=organization.pk, accounts=[pk for pk, _ in rows], seconds=seconds)
            )
    return Result(
        name=f"spend, {len(rows):,} account{'s' if len(rows) > 1 else ''}",
        unit="posts/s",
        ours=Side(ours),
        yardstick=Side(bare),
        floor=TOLERANCE * TRANSACTIONS,
    )


def measure_check(filled: Filled, *, entries: int) -> Result:
    """Row: check_ledger over all filled entries."""
    begun = time.perf_counter()
    findings = list(map(str, check_ledger(filled.organization)))
    seconds = time.perf_counter() - begun
    if findings:
        raise LedgerBrokenError(f"{len(findings)} findings, the first: {findings[0]}")
    return Result(name="check_ledger", unit="entries/s", ours=Side([entries / seconds]), note=f"{entries:,} in {seconds:.1f} s")


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
