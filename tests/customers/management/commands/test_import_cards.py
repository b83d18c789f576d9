"""Bulk import of cards (docs/imports.md)."""

from datetime import date, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.cards.models import Card
from customers.management.commands.import_cards import CardBatch
from customers.profile.models import Customer
from organizations.audit.actors import command_actor
from organizations.audit.models import AuditEntry
from organizations.card_series.models import CardSeries
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.back_office import register
from tests.factories.cards import CardSeriesFactory
from tests.imports import Outcome, refused, rejects, run_import, write_lines
from tests.midnights import DAY, around_midnight

pytestmark = pytest.mark.django_db
ASHA, BORIS = "9812345678", "9812345679"
HEADER = "mobile,series,card_number,card_external_id,status,expiry_date"


@pytest.fixture(autouse=True)
def gold(organization: Organization) -> CardSeries:
    return CardSeriesFactory(organization=organization)


@pytest.fixture(autouse=True)
def people(till: Till) -> list[Customer]:
    return [register(till, mobile=ASHA), register(till, mobile=BORIS)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cards.csv"


def run(path: Path, *lines: str, options: tuple[str, ...] = ()) -> Outcome:
    return run_import("import_cards", write_lines(path, *lines), *options)


def cards() -> dict[str, tuple[Any, ...]]:
    """Customer, external id, status and last day, by number."""
    columns = ("number", "customer_id", "external_id", "status", "expires_on")
    return {number: rest for number, *rest in map(tuple, Card.objects.values_list(*columns))}  # type: ignore[misc]


def audited() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    entries = AuditEntry.objects.filter(object_type="card", source="IMPORT").order_by("pk")
    return list(entries.values_list("action", "old", "new"))


@around_midnight
def test_the_last_day_of_a_card_is_the_local_one(organization: Organization, path: Path, zone: ZoneInfo, clock: time) -> None:
    organization.timezone = zone.key
    organization.save()
    run(path, HEADER, f",GOLD,G-1,,,{DAY} {clock}", f",GOLD,G-2,,,{DAY}")
    assert [last_day for *_, last_day in cards().values()] == [DAY, DAY]


def test_issued_and_unissued_cards_are_imported(people: list[Customer], path: Path) -> None:
    asha = people[0].pk
    lines = [HEADER, f"{ASHA},GOLD,G-1,X-1,active,2035-12-31", ",GOLD,G-2,,,", f"{BORIS},GOLD,G-3,,,2020-01-01 10:00:00"]
    assert run(path, *lines).counts == (3, 0, 0, 0)
    assert cards() == {
        "G-1": [asha, "X-1", "ACTIVE", date(2035, 12, 31)],
        "G-2": [None, "", "NOT_ISSUED", None],
        "G-3": [people[1].pk, "", "ISSUED", date(2020, 1, 1)],
    }
    assert [card.issued_on is not None for card in Card.objects.order_by("number")] == [True, False, True]
    assert run(path, *lines).counts == (0, 0, 3, 0)
    assert run(path, "series,card_number", "GOLD,G-1", "GOLD,G-2").counts == (0, 0, 2, 0)
    assert audited()[:2] == [
        (
            "created",
            {},
            {
                "number": "G-1", "series": "GOLD", "external_id": "X-1", "customer": asha, "status": "ACTIVE",
                "issued_on": audited()[0][2]["issued_on"], "expires_on": "2035-12-31",
            },
        ),
        ("created", {}, {"number": "G-2", "series": "GOLD", "status": "NOT_ISSUED"}),
    ]  # fmt: skip


def test_an_unissued_card_is_issued(people: list[Customer], path: Path) -> None:
    run(path, HEADER, ",GOLD,G-1,,,", ",GOLD,G-2,,INACTIVE,")
    assert run(path, HEADER, f"{ASHA},GOLD,G-1,,,", f"{ASHA},GOLD,G-2,,,").counts == (0, 2, 0, 0)
    asha = people[0].pk
    assert cards() == {"G-1": [asha, "", "ISSUED", None], "G-2": [asha, "", "INACTIVE", None]}
    action, old, new = audited()[2]
    assert (action, old, new["customer"], new["status"]) == ("issued", {"status": "NOT_ISSUED"}, asha, "ISSUED")


def test_given_values_change_and_blank_ones_stay(people: list[Customer], path: Path) -> None:
    run(path, HEADER, f"{ASHA},GOLD,G-1,X-1,ACTIVE,2035-12-31")
    issued = Card.objects.get().issued_on
    assert run(path, HEADER, f"{ASHA},GOLD,G-1,X-2,,2036-01-31", ",GOLD,G-1,,SUSPENDED,").counts == (0, 2, 0, 0)
    assert cards() == {"G-1": [people[0].pk, "X-2", "SUSPENDED", date(2036, 1, 31)]}
    assert Card.objects.get().issued_on == issued
    assert audited()[1:] == [
        (
            "changed",
            {"external_id": "X-1", "expires_on": "2035-12-31"},
            {"external_id": "X-2", "expires_on": "2036-01-31"},
        ),
        ("changed", {"status": "ACTIVE"}, {"status": "SUSPENDED"}),
    ]


@pytest.mark.parametrize("size", ["1", "1000"])
def test_later_rows_of_a_file_see_earlier_rows(people: list[Customer], path: Path, size: str) -> None:
    lines = [
        ",GOLD,G-1,X-1,,",
        f"{ASHA},GOLD,G-1,X-2,,",
        f"{BORIS},GOLD,G-1,,,",
        f"{BORIS},GOLD,G-2,X-2,,",
        f"{BORIS},GOLD,G-2,X-1,,",
    ]
    assert run(path, HEADER, *lines, options=("--batch-size", size)).counts == (2, 1, 0, 2)
    asha, boris = (customer.pk for customer in people)
    assert cards() == {"G-1": [asha, "X-2", "ISSUED", None], "G-2": [boris, "X-1", "ISSUED", None]}


def test_external_ids_move_between_cards_within_a_batch(path: Path) -> None:
    run(path, HEADER, ",GOLD,G-1,X-1,,", ",GOLD,G-2,X-2,,")
    assert run(path, HEADER, ",GOLD,G-2,X-3,,", ",GOLD,G-1,X-2,,").counts == (0, 2, 0, 0)
    assert {number: card[1] for number, card in cards().items()} == {"G-1": "X-2", "G-2": "X-3"}


def test_rows_are_rejected_with_the_codes_of_the_api(
    organization: Organization, gold: CardSeries, path: Path, tmp_path: Path
) -> None:
    CardSeriesFactory(organization=organization, code="SILVER")
    CardSeriesFactory(organization=organization, code="OLD", is_active=False)
    run(path, HEADER, f"{ASHA},GOLD,G-1,X-1,,", ",GOLD,G-2,,,")
    errors = tmp_path / "errors.csv"
    rows = {
        "9812345671,GOLD,G-9,,,": "1012",
        "12ab,GOLD,G-9,,,": "1042",
        f"{ASHA},BRONZE,G-9,,,": "400",
        f"{ASHA},OLD,G-9,,,": "400",
        f"{ASHA},,G-9,,,": "400",
        f"{ASHA},GOLD,,,,": "400",
        f"{ASHA},GOLD,{'9' * 51},,,": "400",
        f"{ASHA},GOLD,G\t9,,,": "400",
        f"{ASHA},GOLD,G-9,{'9' * 101},,": "400",
        f"{ASHA},GOLD,G-9,,BROKEN,": "400",
        f"{ASHA},GOLD,G-9,,,soon": "400",
        f"{ASHA},GOLD,G-9,,NOT_ISSUED,": "400",
        ",GOLD,G-9,,ACTIVE,": "400",
        ",GOLD,G-1,,NOT_ISSUED,": "400",
        f"{BORIS},GOLD,G-1,,,": "400",
        f"{ASHA},SILVER,G-1,,,": "400",
        f"{ASHA},GOLD,G-9,X-1,,": "400",
        ",GOLD,G-2,X-1,,": "400",
    }
    before = cards()
    outcome = run(path, HEADER, *rows, options=("--errors", str(errors)))
    assert (outcome.status, outcome.counts) == (1, (0, 0, 0, len(rows)))
    assert [row["error_code"] for row in rejects(errors)] == list(rows.values())
    assert cards() == before


def test_wrong_columns_import_nothing(path: Path) -> None:
    outcome = run(path, "mobile,card_number,label", f"{ASHA},G-1,x")
    assert (outcome.status, "unknown label; missing series" in outcome.err) == (2, True)


@pytest.mark.parametrize("count", [1, 3])
def test_a_batch_takes_the_same_queries_for_any_number_of_rows(
    organization: Organization, till: Till, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mobiles = [str(9812345600 + number) for number in range(count)]
    for mobile in mobiles:
        register(till, mobile=mobile)
    batch = CardBatch(command_actor("import_cards", organization))
    rows = [{"series": "GOLD", "card_number": f"G-{number}"} for number in range(count)]
    # Series, the cards there are; numbers of rows, the new rows, their audit. No customers: nothing to look up or to lock.
    with django_assert_num_queries(5):
        batch.work(rows)
    issued = [{**row, "mobile": mobile} for row, mobile in zip(rows, mobiles, strict=True)]
    # Customers, series, both locks; the changed rows, their audit.
    with django_assert_num_queries(6):
        batch.work(issued)
    with django_assert_num_queries(4):
        batch.work(issued)
    # No row can be read: series alone.
    with django_assert_num_queries(1):
        batch.work([{"series": "BRONZE", "card_number": "G-1"}] * count)


@pytest.mark.parametrize(
    ("column", "value", "detail"),
    [
        ("series", "SILVER", 'series: "SILVER" is not an active card series of the organization'),
        ("series", "", "series: it is blank, but every row needs it"),
        ("card_number", "", "card_number: it is blank, but every row needs it"),
        ("card_number", "4.00011E+15", 'card_number: "4.00011E+15" is what a spreadsheet has made of it'),
        ("card_number", "x" * 51, "card_number: "),
        ("card_number", "a\tb", "card_number: "),
        ("card_external_id", "'00017", 'card_external_id: "\'00017" is what a spreadsheet has made of it'),
        ("status", "LOST", 'status: "LOST" is not one of ACTIVE, DELETED'),
        ("status", "NOT_ISSUED", 'status: "NOT_ISSUED" is not a status of a card of a customer'),
        ("expiry_date", "never", 'expiry_date: "never" is not a time'),
        ("mobile", "98x12", 'mobile: "98x12" is not a mobile number of '),
        ("mobile", "9812345600", 'mobile: "9812345600" identifies no customer, or several'),
    ],
)
def test_a_row_is_refused_with_the_column_and_what_it_has(tmp_path: Path, column: str, value: str, detail: str) -> None:
    sound = {"mobile": ASHA, "series": "GOLD", "card_number": "G-9"}
    assert refused("import_cards", tmp_path, {**sound, column: value})["error_detail"].startswith(detail)
