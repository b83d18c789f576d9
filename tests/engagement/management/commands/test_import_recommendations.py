"""Recommendations from files (docs/imports.md)."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.profile.models import Customer
from engagement.recommendations.models import Recommendation
from organizations.tenancy.models import Organization
from tests.factories.customers import CustomerFactory, IdentifierFactory
from tests.imports import Outcome, refused, rejects, run_import, write_lines

COLUMNS = "mobile,item_sku,description,price,img_url,score"
MOBILE = "919812345678"
Bring = Callable[..., Outcome]

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha(organization: Organization) -> Customer:
    customer: Customer = CustomerFactory(organization=organization)
    IdentifierFactory(customer=customer, value=MOBILE)
    return customer


@pytest.fixture
def bring(organization: Organization, tmp_path: Path) -> Bring:
    """Imports rows under a header; rejected rows are in `errors.csv`."""

    def bring(*rows: str, header: str = COLUMNS) -> Outcome:
        path = write_lines(tmp_path / "recommendations.csv", header, *rows)
        return run_import("import_recommendations", path, "--errors", str(tmp_path / "errors.csv"))

    return bring


def test_a_recommendation_comes_in_whole(asha: Customer, bring: Bring) -> None:
    assert bring(f"{MOBILE},RAFT,Packraft,899.50,https://img.example.com/r.png,0.9123456789").counts == (1, 0, 0, 0)
    row = Recommendation.objects.get()
    assert (row.customer, row.item_sku, row.description, row.img_url) == (
        asha,
        "RAFT",
        "Packraft",
        "https://img.example.com/r.png",
    )
    assert (row.price, row.score) == (Decimal("899.5"), Decimal("0.9123456789"))


@pytest.mark.usefixtures("asha")
def test_the_same_customer_and_item_are_the_same_row(bring: Bring) -> None:
    row = f"{MOBILE},RAFT,Packraft,899,,0.5"
    assert bring(row, f"{MOBILE},raft,,,,").counts == (2, 0, 0, 0)
    assert bring(row).counts == (0, 0, 1, 0)
    assert bring(f"{MOBILE},RAFT,,,,", f"{MOBILE},RAFT,,899.00,,0.50").counts == (0, 0, 2, 0)
    assert bring(f"{MOBILE},RAFT,Raft,,,0.7").counts == (0, 1, 0, 0)
    stored = Recommendation.objects.get(item_sku="RAFT")
    assert (stored.description, stored.price, stored.score) == ("Raft", 899, Decimal("0.7"))


@pytest.mark.usefixtures("asha")
def test_later_rows_see_earlier_ones(bring: Bring) -> None:
    rows = [f"{MOBILE},RAFT,,,,{score}" for score in (1, 2, 2)]
    assert bring(*rows).counts == (1, 1, 1, 0)
    assert Recommendation.objects.get().score == 2
    assert bring(f"{MOBILE},RAFT,,,,3", f"{MOBILE},RAFT,Raft,,,").counts == (0, 2, 0, 0)


@pytest.mark.usefixtures("asha")
@pytest.mark.parametrize(
    ("row", "detail"),
    [
        ({"item_sku": ""}, "item_sku: it is blank, but every row needs it"),
        ({"item_sku": "X" * 101}, "item_sku:"),
        ({"item_sku": "4.00011E+15"}, "item_sku:"),
        ({"price": "-1"}, 'price: "-1" is below 0'),
        ({"price": "1,5"}, 'price: "1,5"'),
        ({"price": "1.2345"}, 'price: "1.2345" has too many decimals; write at most 3'),
        ({"price": "1000000000000"}, "price:"),
        ({"score": "high"}, 'score: "high"'),
        ({"score": "1e3"}, 'score: "1e3"'),
        ({"score": "0.00000000001"}, "score:"),
        ({"img_url": "x" * 501}, "img_url:"),
        ({"description": "x" * 251}, "description:"),
    ],
)
def test_malformed_cells_are_400(tmp_path: Path, row: dict[str, str], detail: str) -> None:
    error = refused("import_recommendations", tmp_path, {"mobile": MOBILE, "item_sku": "RAFT", **row})
    assert error["error_code"] == "400"
    assert error["error_detail"].startswith(detail)
    assert not Recommendation.objects.exists()


@pytest.mark.usefixtures("asha")
def test_rows_of_unknown_customers_are_rejected(bring: Bring, tmp_path: Path) -> None:
    assert bring("919800000000,RAFT,,,,", f"{MOBILE},RAFT,,,,").counts == (1, 0, 0, 1)
    assert [row["error_code"] for row in rejects(tmp_path / "errors.csv")] == ["1012"]


@pytest.mark.usefixtures("asha")
@pytest.mark.parametrize("header", ["mobile,description", "mobile,item_sku,colour"])
def test_missing_and_unknown_columns_import_nothing(bring: Bring, header: str) -> None:
    assert bring("1,2,3"[: 2 * header.count(",") + 1], header=header).status == 2


def test_many_rows_cost_the_statements_of_one(asha: Customer, bring: Bring) -> None:
    def cost(*rows: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            bring(*rows)
        return len(queries)

    bring(f"{MOBILE},FIRST,,,,1")
    cost_of_two = cost(f"{MOBILE},A,,,,1", f"{MOBILE},FIRST,,,,2")
    assert cost(*(f"{MOBILE},B{number},,,,1" for number in range(9)), f"{MOBILE},FIRST,,,,3", f"{MOBILE},A,,,,4") == cost_of_two
