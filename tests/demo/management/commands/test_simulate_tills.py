"""A trading day against a running server: its books are right, and a wrong one is found."""

from collections.abc import Iterator
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import DjangoDbBlocker

from demo.organization import ORGANIZATION_FILE
from demo.tills import day
from demo.tills.client import Call, TillClient
from demo.tills.journal import Journal
from demo.tills.model import KnownBill, KnownCustomer
from organizations.tenancy.scoping import unscoped
from tests.killing import Served, served
from use_cases.organization_file import check_document, load_organization

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def running(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Served]:
    with django_db_blocker.unblock(), served() as server:
        yield server


@pytest.fixture
def server(running: Served, transactional_db: None) -> Served:
    """A server whose database has the demo's organization."""
    with unscoped("tests make their rows"):
        load_organization(check_document(ORGANIZATION_FILE.read_bytes(), environment={}))
    return running


def simulate(server: Served, *options: str) -> str:
    out = StringIO()
    arguments = ["--url", server.address.url, "--tills", "3", "--pause", "0", "--seed", "7", *options]
    call_command("simulate_tills", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def test_a_short_day_with_lost_answers_is_as_it_must_be(server: Served) -> None:
    printed = simulate(server, "--minutes", "0.05", "--lose", "2")
    assert "3 tills" in printed
    assert "--seed 7" in printed
    assert printed.endswith("customers: everything is as it must be.\n")
    rows = {cells[1]: cells[2:] for line in printed.splitlines() if len(cells := line.replace("│", " │ ").split("│")) > 2}
    actions = {name.strip(): [cell.strip() for cell in cells] for name, cells in rows.items()}
    figures = [[int(cell or 0) for cell in cells[:4]] for name, cells in actions.items() if "/" in name]
    # Which actions lose answers depends on the speed of the machine.
    assert sum(calls for calls, *_ in figures) > sum(lost for _, _, lost, _ in figures) > 0
    assert all(retries >= lost for _, _, lost, retries in figures)
    assert int(actions["balance"][0]) >= 6


def sell_twice(customers: list[KnownCustomer], client: TillClient) -> str:
    """A bill that no till knows of, as if a retry had been taken for another sale."""
    bill = {"type": "REGULAR", "number": "again", "amount": "10", "customer": {"id": customers[0].user_id}}
    assert client.call(Call(action="transaction/add", body={"root": {"transaction": [bill]}})).code == 600
    return "bills: unknown"


def expect_another_bill(customers: list[KnownCustomer], _client: TillClient) -> str:
    """A bill that was acknowledged and is not there."""
    customers[0].add_bill("999999", KnownBill("lost", "REGULAR", Decimal(10)))
    return "bills: missing 999999 lost REGULAR 10"


def expect_more_points(customers: list[KnownCustomer], _client: TillClient) -> str:
    customers[0].taken -= 1
    return "balance should be"


@pytest.mark.parametrize("plant", [sell_twice, expect_another_bill, expect_more_points])
def test_a_planted_mismatch_is_found(server: Served, monkeypatch: pytest.MonkeyPatch, plant) -> None:
    check = day.check_customers
    planted = ""

    def plant_and_check(customers: list[KnownCustomer], client: TillClient, journal: Journal) -> None:
        nonlocal planted
        assert not journal.mismatches
        planted = plant(customers, client)
        check(customers, client, journal)

    monkeypatch.setattr(day, "check_customers", plant_and_check)
    out = StringIO()
    with pytest.raises(CommandError, match=r"^\d+ mismatch.*--seed 7\.$") as failed:
        call_command(
            "simulate_tills",
            *("--url", server.address.url, "--tills", "1", "--minutes", "0.005", "--seed", "7"),
            stdout=out,
        )
    assert failed.value.returncode == 1
    assert f"MISMATCH {out.getvalue().partition('MISMATCH ')[2]}".count(planted) == 1


def test_tills_of_another_organization_are_reported(server: Served, tmp_path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(ORGANIZATION_FILE.read_text(encoding="utf-8").replace("harbour-till-demo", "another"), encoding="utf-8")
    with pytest.raises(CommandError, match="mismatch"):
        simulate(server, "--minutes", "0.005", "--organization-file", str(path))


@pytest.mark.parametrize(
    ("url", "reason"),
    [("http://127.0.0.1:9", "No server answers"), ("https://shop.example", "must begin with http://"), ("shop", "must begin")],
)
def test_a_server_that_cannot_be_used_is_reported_first(url: str, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        call_command("simulate_tills", "--url", url)
