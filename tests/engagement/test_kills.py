"""A process dies while it records bills or spends points, and the same is asked again: one effect, and sums that hold."""

import os
import signal
from pathlib import Path

import pytest

from customers.profile.models import Customer
from engagement.bills.models import Bill
from engagement.points.checks.run import check_ledger
from engagement.points.models import PointsAccount, PointsEntry
from engagement.redemptions.models import Redemption
from loyalty_project.faults import Point
from organizations.imports.models import ImportRun
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.locations import TillFactory
from tests.factories.organizations import OrganizationFactory
from tests.forking import run_python
from tests.imports import write_lines

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FULL = os.environ.get("REGULARS_PROOFS") == "full"
POINTS = [Point.BILLS_RECORDED, Point.LEDGER_WRITTEN]
REDEEM = """
from django.db import transaction
from engagement.redemptions.requests import RedemptionRequest
from engagement.redemptions.redeeming import redeem_points
from organizations.models import Till
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.locations import till_actor
with unscoped("the test's till"):
    till = Till.objects.select_related("store__organization", "organization").get(code="mgroad.till1")
order = RedemptionRequest(references={"external_id": "A1"}, points="30", external_reference="order-1")
with organization_scope(till.organization), transaction.atomic():
    print(redeem_points(order, by=till_actor(till)).balance)
"""


@pytest.fixture
def till(transactional_db: None) -> Till:
    with unscoped("tests make their rows"):
        rules = {"earning": [{"name": "base", "award": {"per": 10, "points": 1}}], "enrolment": {"points": 50}}
        organization = OrganizationFactory(code="northwind", with_program=True, program__rules=rules)
        return TillFactory(store__organization=organization, store__code="mgroad", code="mgroad.till1")


def manage(command: str, path: Path, fault: str = "") -> int:
    options = ["--organization", "northwind", "--no-progress", "--batch-size", "2"]
    return run_python("manage.py", command, *options, str(path), fault=fault)


def proved(organization: Organization) -> None:
    assert list(check_ledger(organization)) == []


@pytest.mark.parametrize("nth", [1, 2, 3] if FULL else [2])
@pytest.mark.parametrize("point", POINTS)
def test_a_killed_and_restarted_import_has_every_bill_once(till: Till, tmp_path: Path, point: Point, nth: int) -> None:
    people = write_lines(tmp_path / "people.csv", "external_id", "A1", "A2")
    bills = write_lines(
        tmp_path / "bills.csv",
        "external_id,number,billing_time,amount,store_code,till_code,type,return_of",
        *(f"A{1 + n % 2},B{n},2026-03-0{n + 1} 10:00:00,100,mgroad,mgroad.till1,," for n in range(5)),
        "A1,R1,2026-03-09 10:00:00,50,mgroad,mgroad.till1,RETURN,B0",
    )
    assert manage("import_customers", people) == 0
    assert manage("import_transactions", bills, fault=f"{point}:{nth}") == -signal.SIGKILL
    assert manage("import_transactions", bills) == 0
    with organization_scope(till.organization):
        assert Bill.objects.count() == 6
        figures = PointsAccount.objects.order_by("customer_id").values_list("balance", "lifetime", "returned", "purchases")
        assert list(figures) == [(75, 80, 5, 250), (70, 70, 0, 200)]
        proved(till.organization)


@pytest.mark.parametrize("nth", [1, 2, 3] if FULL else [2])
def test_an_import_that_dies_after_a_commit_counts_each_row_once(till: Till, tmp_path: Path, nth: int) -> None:
    people = write_lines(tmp_path / "people.csv", "external_id", *(f"A{number}" for number in range(5)))
    assert manage("import_customers", people, fault=f"{Point.BATCH_COMMITTED}:{nth}") == -signal.SIGKILL
    with organization_scope(till.organization):
        run = ImportRun.objects.get()
        # What is committed and the position behind it are one.
        assert (run.created, run.lines) == (Customer.objects.count(), 1 + Customer.objects.count()) != (0, 1)
        options = ["--organization", "northwind", "--no-progress", "--batch-size", "2"]
        assert run_python("manage.py", "import_customers", *options, str(people), output=tmp_path / "out") == 0
        assert (tmp_path / "out").read_text().splitlines()[-1] == "created=5 updated=0 unchanged=0 rejected=0"
        assert Customer.objects.count() == 5


def test_a_registration_that_is_killed_in_the_ledger_welcomes_once(till: Till, tmp_path: Path) -> None:
    people = write_lines(tmp_path / "people.csv", "external_id", "A1", "A2")
    assert manage("import_customers", people, fault=Point.LEDGER_WRITTEN) == -signal.SIGKILL
    assert manage("import_customers", people) == 0
    with organization_scope(till.organization):
        assert list(PointsAccount.objects.values_list("balance", "version")) == [(50, 1), (50, 1)]
        proved(till.organization)


def test_a_redemption_that_is_killed_and_sent_again_spends_once(till: Till, tmp_path: Path) -> None:
    assert manage("import_customers", write_lines(tmp_path / "people.csv", "external_id", "A1")) == 0
    assert run_python("-c", REDEEM, fault=Point.LEDGER_WRITTEN) == -signal.SIGKILL
    with organization_scope(till.organization):
        assert not Redemption.objects.exists()
    assert run_python("-c", REDEEM) == 0
    assert run_python("-c", REDEEM) == 0
    with organization_scope(till.organization):
        assert PointsAccount.objects.get().balance == 20
        assert PointsEntry.objects.filter(kind="REDEEM").count() == Redemption.objects.count() == 1
        proved(till.organization)
