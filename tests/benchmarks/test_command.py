"""A tiny run of every part on the test's database, and the database that the benchmarks refuse."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks import beside, command
from benchmarks.data import BenchData, make_data
from benchmarks.gets import OtherBytesError
from benchmarks.organization import NotEmptyError, require_empty
from benchmarks.people import FILLED, mobile
from benchmarks.servers import Served
from benchmarks.yardsticks import posting
from customers.identifiers.models import Identifier
from organizations.tenancy.scoping import organization_scope
from tests.forking import database_url
from tests.killing import served

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def forked_product() -> Iterator[Served]:
    with served() as server:
        yield Served(port=server.address.port, pid=os.getpid())


@pytest.fixture
def _quick_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The product is forked, and one kind of import is enough."""
    monkeypatch.setenv("DATABASE_URL", database_url())
    monkeypatch.setattr(command, "product", forked_product)
    monkeypatch.setattr(beside, "_IMPORTS", {("import_customers",): "customers_customer"})


@pytest.mark.usefixtures("_quick_start")
def test_tiny_run_of_every_part_prints_and_keeps_its_rows(tmp_path, capsys):
    assert command.main(["--tiny", "--results", str(tmp_path)]) == 0
    (kept,) = tmp_path.glob("*.json")
    report = json.loads(kept.read_text(encoding="utf-8"))
    rows = {row["row"]: row for row in report["rows"]}
    assert report["parts"] == list(command.PARTS)
    for begin in (
        "look-ups", "import_customers, beside COPY",
        "coupon codes, beside COPY of ready codes", "spend, 1 account", "spend, 10 accounts", "check_ledger", "customer/get",
        "p99 at 200", "get of 4", "authentication", "get as XML", "get p50 with 104", "customer/add", "add of 50",
        "transaction/add of 3 lines, without", "transaction/add of 3 lines, with tiers", "points/redeem", "100 mixed calls/s",
        "search mobile EQUALS",
        "search points LESS", "get with every flag", "add beside import_customers", "get beside import_customers",
    ):  # fmt: skip
        assert any(name.startswith(begin) for name in rows), begin
    assert sum(row["target"] is not None and bool(row["verdict"]) for row in rows.values()) == 12
    assert all(row["ours"]["median"] > 0 for name, row in rows.items() if not name.startswith("look-ups"))
    assert rows["coupon codes, beside COPY of ready codes"]["copied"] == {"engagement_coupon": 200}
    assert sorted(rows["import_customers, beside COPY"]["copied"].values()) == [20, 20, 20, 20, 20, 20, 20, 60]
    assert "customer/get " in capsys.readouterr().out


@pytest.mark.usefixtures("_quick_start")
def test_run_whose_yardstick_answers_otherwise_fails(monkeypatch, tmp_path, capsys):
    def refuse(*_: object) -> None:
        raise OtherBytesError("other bytes")

    monkeypatch.setattr("benchmarks.gets.compare_answers", refuse)
    assert command.main(["get", "--tiny", "--results", str(tmp_path)]) == 1
    assert "other bytes" in capsys.readouterr().err


def test_yardstick_of_the_ledger_that_leaves_rows_out_fails(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(posting, "_WRITE", posting._WRITE.replace("1 FROM entry", "1 FROM entry WHERE false"))
    assert command.main(["ledger", "--tiny", "--results", str(tmp_path)]) == 1
    assert "engagement_pointsconsumption" in capsys.readouterr().err


def test_filled_customers_are_those_that_people_computes():
    data = make_data(members=1, customers=12)
    with organization_scope(data.organization):
        filled = Identifier.objects.filter(kind="mobile").order_by("customer_id").values_list("value", flat=True)
        assert list(filled) == [mobile(1), *(mobile(FILLED + number) for number in range(11))]


def test_known_numbers_have_entries_and_are_spread_over_all():
    data = BenchData(organization=None, members=0, filled=100)  # type: ignore[arg-type]  # is not read
    assert data.known_numbers(4) == [FILLED + 4, FILLED + 24, FILLED + 44, FILLED + 64]


def test_database_in_use_is_refused(organization):
    with pytest.raises(NotEmptyError):
        require_empty()
