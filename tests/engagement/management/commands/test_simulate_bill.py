"""What would a bill bring? Asked on the command line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from customers.profile.models import Customer
from engagement.bills.models import Bill
from organizations.tenancy.models import Organization
from tests.factories.bills import open_shop
from tests.factories.customers import CustomerFactory
from tests.factories.program_files import club, load

pytestmark = pytest.mark.django_db


def simulate(customer: int, *options: str, code: str = "northwind", amount: str = "130") -> list[str]:
    out = StringIO()
    call_command("simulate_bill", "--organization", code, "--customer", str(customer), "--amount", amount, *options, stdout=out)
    return out.getvalue().splitlines()


def test_a_bill_is_explained_rule_by_rule(northwind: Organization, asha: Customer) -> None:
    open_shop(northwind)
    assert simulate(asha.pk, "--at", "2026-03-02 12:00:00", "--till", "blr.till1") == [
        "A bill of 130.00 USD in blr at 2026-03-02 12:00:00:",
        "Club, version 1 of its rules:",
        "Rule base gives 6.5 regular points; they never expire.",
    ]
    assert simulate(asha.pk, "--store", "del")[0].startswith("A bill of 130.00 USD in del at 20")
    assert not Bill.objects.exists()


def test_a_customer_without_programs_gets_a_reason(northwind: Organization) -> None:
    chen = CustomerFactory(organization=northwind, type=Customer.Type.NON_LOYALTY)
    assert simulate(chen.pk)[1:] == ["It earns nothing: no program counts there for this customer."]


def test_lines_with_attributes_are_simulated(northwind: Organization, asha: Customer) -> None:
    when = {"items": {"include": ["SHOE"]}, "attributes": {"season": ["winter"]}}
    shoes = {"name": "shoes", "when": when, "award": {"percent": 10}, "max_points_per_day": 4}
    load(club(earning=[shoes, {"name": "double", "award": {"multiply": 2}}]))
    lines = [option for text in ("SHOE,1,50,season=winter", "SHOE,1,50") for option in ("--line", text)]
    assert simulate(asha.pk, *lines)[2:] == [
        "Rule shoes gives 4 regular points on 65 of its lines, cut from 6.5 by its cap for a day; they never expire.",
        "Rule double gives 4 regular points, 2 times the 4 of shoes in all; they never expire.",
    ]


@pytest.mark.parametrize(
    ("options", "more", "sentence"),
    [
        ([], {"code": "nobody"}, "There is no organization nobody."),
        ([], {"amount": "ten"}, "ten is no amount."),
        ([], {"amount": "-1"}, "-1 is no amount."),
        (["--at", "soon"], {}, "soon is no time."),
        (["--store", "mars"], {}, "There is no store mars."),
        (["--till", "mars.1"], {}, "There is no till mars.1."),
        (["--line", "SHOE"], {}, "SHOE is no line: write ITEM,QUANTITY,AMOUNT."),
        (["--line", "SHOE,1,x"], {}, "SHOE,1,x is no line: write ITEM,QUANTITY,AMOUNT."),
        (["--line", "SHOE,-1,5"], {}, "SHOE,-1,5 is no line: write ITEM,QUANTITY,AMOUNT."),
    ],
)
def test_a_missing_row_is_reported(asha: Customer, options: list[str], more: dict[str, str], sentence: str) -> None:
    with pytest.raises(CommandError) as stopped:
        simulate(asha.pk, *options, **more)
    assert str(stopped.value) == sentence


def test_an_unknown_customer_is_reported(northwind: Organization) -> None:
    with pytest.raises(CommandError, match="There is no customer 7"):
        simulate(7)
