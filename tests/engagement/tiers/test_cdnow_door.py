"""The real purchases of CDNOW through the front door: four tills send them to `transaction/add`, in calls of 50 bills each.

The ledger and the tiers are those of a second organization that imports the same rows as its history. `make test` takes the
first 300 bills, `make prove` the first 20,000. A customer's bills come from one till, in the order of time.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest

from customers.identifiers.models import Identifier
from engagement.bills.models import Bill, PurchaseTotals
from engagement.points.checks.run import check_ledger
from engagement.points.models import PointsAccount, PointsEntry, PointsLot
from organizations.locations.models import Till
from organizations.organization_file.reading import read_document
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.engagement.tiers.cdnow.reckoning import rows_of
from tests.engagement.tiers.test_cdnow import DATA, import_rows, stored
from tests.factories.organization_files import check
from tests.killing import RemoteApi, Served, served
from use_cases.organization_file import load_organization

FULL = os.environ.get("REGULARS_PROOFS") == "full"
BILLS: Final = 20_000 if FULL else 300
TILLS: Final = 4
CALL: Final = 50
PASSWORD: Final = "web-secret"

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the purchases are not at {DATA}"),
]


def load(code: str = "cdnow", store: str = "web") -> Organization:
    """The shop of the data; the front door's one has other names, as tills are known everywhere."""
    document = read_document((DATA / "organization.yaml").read_bytes())
    document["organization"]["code"] = code
    document["settings"]["RATE_LIMIT_PER_MINUTE"] = 100_000
    tills = [{"code": f"{store}.till{number}", "name": "Till", "password": PASSWORD} for number in range(1, TILLS + 1)]
    document["stores"] = [{"code": store, "name": "Web shop", "tills": tills}]
    return load_organization(check(document)).organization


def send(till: Till, served_at: Served, rows: Sequence[Mapping[str, str]]) -> list[tuple[int, Any]]:
    """Send the bills in calls of 50: the code and the warnings of each."""
    api, statuses = RemoteApi(till, PASSWORD, address=served_at.address), []
    for batch in batches_of(rows):
        bills = [
            {
                "type": "REGULAR",
                "number": row["number"],
                "billing_time": row["billing_time"],
                "amount": row["amount"],
                "notes": row["notes"],
                "customer": {"external_id": row["external_id"]},
            }
            for row in batch
        ]
        answer = api.call("POST", "add", body={"transaction": bills}, entity="transaction")
        items = answer.response["transactions"]["transaction"]
        statuses += [(item["item_status"]["code"], item["item_status"]["warnings"]["warning"]) for item in items]
    return statuses


def batches_of(rows: Sequence[Mapping[str, str]]) -> Iterator[list[Mapping[str, str]]]:
    left = iter(rows)
    while batch := list(islice(left, CALL)):
        yield batch


def ledger(organization: Organization) -> dict[str, Any]:
    """All that the ledger knows of each customer, by external id; ids and moments of the writing left out."""
    with organization_scope(organization):
        names = dict(Identifier.objects.values_list("customer_id", "value"))
        known: defaultdict[str, list[Any]] = defaultdict(list)
        figures = (
            "balance", "promised", "lifetime", "redeemed", "expired", "returned", "adjusted", "floor", "purchases", "visits",
            "version", "last_active_on", "due_at",
        )  # fmt: skip
        for customer_id, *row in PointsAccount.objects.order_by("pk").values_list("customer_id", *figures):
            known[names[customer_id]].append(row)
        entries = PointsEntry.objects.order_by("account", "version")
        of_entry = ("version", "kind", "points", "balance_after", "occurred_at", "bill__number", "explanation")
        for customer_id, *row in entries.values_list("account__customer_id", *of_entry):
            known[names[customer_id]].append(row)
        of_lot = ("bill__number", "entry__version", "points", "left", "awarded_at", "is_open", "expires_on")
        lots = PointsLot.objects.order_by("account", "entry__version")
        for customer_id, *row in lots.values_list("account__customer_id", *of_lot):
            known[names[customer_id]].append(row)
        of_totals = ("amount", "bills", "last_billed_at", "last_amount")
        for customer_id, *row in PurchaseTotals.objects.values_list("customer_id", *of_totals):
            known[names[customer_id]].append(row)
        return dict(known)


def test_bills_at_the_door_end_in_the_ledger_of_an_import(tmp_path: Path) -> None:
    door, imported = load("door", "door"), load()
    rows = list(islice(rows_of(DATA / "transactions.csv"), BILLS))
    names = {row["external_id"] for row in rows}
    customers = [row for row in rows_of(DATA / "customers.csv") if row["external_id"] in names]
    for organization in (door, imported):
        import_rows("import_customers", customers, tmp_path, code=organization.code)
    import_rows("import_transactions", rows, tmp_path)
    lanes: list[list[Mapping[str, str]]] = [[] for _ in range(TILLS)]
    for row in sorted(rows, key=lambda row: row["billing_time"]):
        lanes[int(row["external_id"].removeprefix("CDNOW")) % TILLS].append(row)
    with organization_scope(door):
        tills = list(Till.objects.order_by("code"))
    with served() as server, ThreadPoolExecutor(TILLS) as pool:
        answered = list(
            pool.map(lambda lane: send(*lane), [(till, server, lane) for till, lane in zip(tills, lanes, strict=True)])
        )
    assert sum(map(len, answered)) == len(rows)
    assert {str(status) for statuses in answered for status in statuses} == {"(600, [])"}
    with organization_scope(door):
        assert Bill.objects.count() == len(rows)
    assert ledger(door) == ledger(imported)
    held = []
    for organization in (door, imported):
        with organization_scope(organization):
            held.append(stored(organization))
        assert list(check_ledger(organization)) == []
    assert held[0] == held[1]
    assert len(held[0]["CDNOW Rewards"]) == len(names)
