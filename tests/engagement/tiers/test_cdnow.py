"""The real purchases of CDNOW by tier: the product and a calculation of its own agree, for every customer and every row.

23,570 customers with 69,659 bills come in by the import commands, night by night or as one history, and `evaluate_tiers` runs.
After each night the tier of every member, since when, its last day, and the history are those of `cdnow/reckoning.py`, in four
programs: upgrades by purchases, points and trackers, validities in months and by the calendar, grace, and every way down.
`make test` takes every 200th customer, `make prove` all of them night by night, and every tenth as one history.
"""

import csv
import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Final

import pytest
import time_machine
from django.core.management import call_command

from customers.identifiers.models import Identifier
from engagement.points.checks.run import check_ledger
from engagement.points.models import PointsEntry
from engagement.programs.models import Membership, Program
from engagement.rehearsal.services import rehearse
from engagement.tiers.models import TierChange
from loyalty_project.db.trusted_time import forget_database_time
from organizations.organization_file.reading import read_document
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.engagement.tiers.cdnow.reckoning import Held, Row, figures, held_after, rows_of
from tests.factories.organization_files import check
from tests.imports import run_import
from use_cases.organization_file import load_organization

FULL = os.environ.get("REGULARS_PROOFS") == "full"
# Several purchases in one moment decide about the tiers of these.
BOUGHT_AT_ONCE: Final = frozenset(
    f"CDNOW{number:05}"
    for number in (389, 941, 1669, 2081, 2177, 2693, 2889, 3105, 5601, 6209, 11069, 13669, 16869, 18933)
)  # fmt: skip
DATA: Final = Path(__file__).parents[4] / "shared/data/cdnow"
PROGRAMS: Final = Path(__file__).parent / "cdnow/programs.yaml"


def nights(*days: str) -> list[datetime]:
    """An hour after midnight, when the nightly commands run."""
    return [datetime.fromisoformat(f"{day} 01:00:00") for day in days]


# The purchases end on June 30.
LATER: Final = nights("1998-07-01", "1998-08-05", "2000-01-01")
AT_THE_END: Final = LATER[0]
LIVED: Final = [*nights("1997-04-01", "1997-06-16", "1997-09-01", "1998-01-01", "1998-04-10"), AT_THE_END, LATER[-1]]
# Members by tier, and rows of the history, of all customers at the end of the purchases.
OF_ALL: Final = {
    "CDNOW Rewards": {"Listener": 20565, "Fan": 2805, "Collector": 200, "UPGRADE": 3205, "DOWNGRADE": 0, "RENEW": 0},
    "Records": {
        "Single": 19127, "Album": 1778, "Box set": 1964, "Catalog": 598, "Archive": 103,
        "UPGRADE": 21638, "DOWNGRADE": 12609, "RENEW": 3120,
    },
    "Encore": {
        "Hum": 20182, "Song": 1271, "Opera": 1396, "Ring": 721, "UPGRADE": 23856, "DOWNGRADE": 15596, "RENEW": 2462,
    },
    "Tour": {
        "Street": 21563, "Hall": 907, "Arena": 441, "Stadium": 659, "UPGRADE": 17740, "DOWNGRADE": 13232, "RENEW": 9367,
    },
}  # fmt: skip

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the purchases are not at {DATA}"),
]


def load(programs: str) -> Organization:
    """The shop of the data with more programs; its own one stays the default if they do not bring another."""
    document = read_document((DATA / "organization.yaml").read_bytes())
    more = read_document(PROGRAMS.read_bytes())[programs]
    own = [] if any(program.get("default") for program in more) else document["programs"]
    return load_organization(check({**document, "programs": [*own, *more]})).organization


def import_rows(command: str, rows: Sequence[Mapping[str, str]], folder: Path, *options: str, code: str = "cdnow") -> None:
    """Import rows with the command; all of them are new."""
    path = folder / f"{command}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    outcome = run_import(command, path, *options, code=code)
    assert outcome.status == 0, outcome.err
    assert outcome.counts == (len(rows), 0, 0, 0)


def stored(organization: Organization) -> dict[str, dict[str, Held]]:
    """What the members of each program hold, as it is stored."""

    def wall(moment: datetime) -> datetime:
        return moment.astimezone(organization.zone).replace(tzinfo=None)

    names = dict(Identifier.objects.values_list("customer_id", "value"))
    histories: defaultdict[int, list[Row]] = defaultdict(list)
    columns = ("membership_id", "kind", "from_tier__name", "to_tier__name", "changed_at", "from_expires_on", "to_expires_on")
    for membership_id, kind, before, after, at, *days in TierChange.objects.order_by("pk").values_list(*columns):
        histories[membership_id].append(Row(kind, before, after, wall(at), *days))
    members: defaultdict[str, dict[str, Held]] = defaultdict(dict)
    for member in Membership.objects.select_related("program", "tier"):
        assert member.tier is not None
        assert member.tier_since is not None
        members[member.program.name][names[member.customer_id]] = Held(
            member.tier.name, wall(member.tier_since), member.tier_expires_on, tuple(histories[member.pk])
        )
    return members


@pytest.mark.parametrize("programs", ["records", "stage"])
@pytest.mark.parametrize(
    ("evenings", "every"),
    [(LIVED, 1 if FULL else 200), (LATER, 10 if FULL else 200)],
    ids=["night by night", "as one history"],
)
def test_the_tiers_of_a_real_shop_are_reckoned_twice(
    programs: str, evenings: list[datetime], every: int, tmp_path: Path
) -> None:
    with time_machine.travel(evenings[0]):
        organization = load(programs)
    customers = [
        row
        for number, row in enumerate(rows_of(DATA / "customers.csv"))
        if number % every == 0 or row["external_id"] in BOUGHT_AT_ONCE
    ]
    names = {row["external_id"] for row in customers}
    bills = [row for row in rows_of(DATA / "transactions.csv") if row["external_id"] in names]
    # Fewer customers come in as many batches, whose ends are between the bills of some.
    batches = [] if every == 1 else ["--batch-size", "40"]
    done = ""
    with organization_scope(organization):
        loaded = list(Program.objects.values_list("name", flat=True))
        expected = {name: held_after(DATA, name, evenings, names) for name in loaded}
        for night in evenings:
            forget_database_time()
            with time_machine.travel(night.replace(tzinfo=organization.zone)):
                if not done:
                    import_rows("import_customers", customers, tmp_path)
                if new := [row for row in bills if done < row["billing_time"] <= str(night)]:
                    import_rows("import_transactions", new, tmp_path, *batches)
                call_command("evaluate_tiers", organization="cdnow")
            done = str(night)
            found = stored(organization)
            for name in loaded:
                held = next(expected[name])
                assert found[name].keys() == held.keys() == names
                other = {who: (found[name][who], held[who]) for who in names if found[name][who] != held[who]}
                assert other == {}, (night, name)
                if every == 1 and night == AT_THE_END:
                    assert figures(found[name]) == OF_ALL[name]
        assert list(check_ledger(organization)) == []


@pytest.mark.parametrize(("programs", "every"), [("stage", 10 if FULL else 100), *([("records", 10)] if FULL else [])])
def test_todays_rules_rehearsed_are_the_ledger_of_a_real_shop(programs: str, every: int, tmp_path: Path) -> None:
    """Of the last 90 days of purchases and of all of them, in every program: the points of each rule, and each tier."""
    with time_machine.travel(LATER[0]):
        organization = load(programs)
    customers = [row for number, row in enumerate(rows_of(DATA / "customers.csv")) if number % every == 0]
    names = {row["external_id"] for row in customers}
    bills = [row for row in rows_of(DATA / "transactions.csv") if row["external_id"] in names]
    forget_database_time()
    with organization_scope(organization), time_machine.travel(LATER[0].replace(tzinfo=organization.zone)):
        import_rows("import_customers", customers, tmp_path)
        import_rows("import_transactions", bills, tmp_path)
        call_command("evaluate_tiers", organization="cdnow")
        for program, days in product(Program.objects.all(), (90, 700)):
            version = program.versions.get()
            comparison = rehearse(program, version.rules, organization=organization, days=days)
            begin = datetime.combine(comparison.since, datetime.min.time(), organization.zone)
            earned: Counter[str] = Counter()
            entries = PointsEntry.objects.filter(
                account__program=program, occurred_at__gte=begin, kind__in=("AWARD", "PROMISE")
            )
            for entry in entries.filter(bill__isnull=False):
                earned[entry.explanation["rule"]] += entry.points + entry.promised
            assert comparison.today.issued == earned, (program, days)
            members = Counter(Membership.objects.filter(program=program).values_list("tier__name", flat=True))
            assert +comparison.today_members == members, (program, days)
            assert comparison.today == comparison.draft
            assert comparison.movers == []
