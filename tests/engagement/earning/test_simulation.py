"""What would a bill bring?"""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.cards.models import Card
from customers.profile.models import Customer
from engagement.earning.simulation import simulate_bill
from engagement.points.models import PointsEntry
from engagement.programs.catalog import load_catalog
from engagement.programs.models import Program
from engagement.programs.pausing import set_paused
from organizations.card_series.models import CardSeries
from organizations.locations.models import Store
from organizations.tenancy.models import Organization
from tests.factories.bills import DAY, NOON, member, open_shop
from tests.factories.cards import CardFactory
from tests.factories.customers import CustomerFactory
from tests.factories.fields import FieldFactory
from tests.factories.locations import till_actor
from tests.factories.program_files import club, load
from tests.factories.programs import ProgramVersionFactory
from tests.factories.statuses import CustomerStatusFactory, label

pytestmark = pytest.mark.django_db


def rule(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "award": {"per": 100, "points": 5}, **more}


def test_the_blocks_of_a_label_are_shown(northwind: Organization) -> None:
    load(club(earning=[rule("base"), rule("gift", kind="promotional")]))
    asha = member(northwind)
    label(asha, CustomerStatusFactory(organization=northwind, blocks=["promotions"]))
    assert lines_of(asha)[0][2] == "Rule gift gives nothing: the customer's status label forbids promotional points."
    for block in ("points_issue", "transactions"):
        label(asha, CustomerStatusFactory(organization=northwind, blocks=[block]))
        assert lines_of(asha)[0][0].endswith("the customer's status label forbids it.")


def lines_of(customer: Customer, amount: int = 130, store: str = "", *, at: Any = NOON) -> list[list[str]]:
    location = Store.objects.select_related("zone", "concept").get(code=store) if store else None
    simulated = simulate_bill(
        customer,
        amount=Decimal(amount),
        at=at,
        store=location,
        catalog=load_catalog(),
        organization=customer.organization,
    )
    return [simulation.in_words() for simulation in simulated]


def test_each_rule_is_described_with_its_dates_or_reason(northwind: Organization) -> None:
    load(
        club(
            earning=[
                rule("base", expiry={"kind": "days", "value": 10}),
                rule("late", delay_days=2, kind="promotional"),
                rule("capped", max_points=2, expiry={"kind": "last_activity", "value": 12}),
                rule("rolling", expiry={"kind": "rolling", "value": 6}),
                rule("tier", expiry={"kind": "membership"}),
                rule("big", when={"min_amount": 500}),
            ]
        )
    )
    asha = member(northwind)
    assert lines_of(asha) == [
        [
            "Club, version 2 of its rules:",
            "Rule base gives 6.5 regular points; they are good until 2026-03-12.",
            "Rule late gives 6.5 promotional points, promised until 2026-03-05; they never expire.",
            "Rule capped gives 2 regular points, cut from 6.5 by its cap for a bill; they expire 12 months after the last"
            " activity.",
            "Rule rolling gives 6.5 regular points; they expire 6 months after the last points earned.",
            "Rule tier gives 6.5 regular points; they expire with the tier.",
            "Rule big gives nothing: the amount is below 500.",
        ]
    ]


def test_a_simulation_matches_the_bills_award_and_writes_nothing(northwind: Organization) -> None:
    asha, shop = member(northwind), open_shop(northwind)
    with CaptureQueriesContext(connection) as queries:
        assert lines_of(asha)[0][1] == "Rule base gives 6.5 regular points; they never expire."
    assert not [query for query in queries.captured_queries if not query["sql"].startswith("SELECT")]
    shop.record(shop.draft("1", 130, customer_id=asha.pk))
    assert PointsEntry.objects.get().points == Decimal("6.5")


def test_programs_are_those_of_the_place_and_of_the_cards(northwind: Organization) -> None:
    load(club(), {"name": "South", "bound_to": {"zones": ["south"]}, "earning": [rule("south")]})
    asha = member(northwind)
    assert [lines[0] for lines in lines_of(asha, store="blr")] == [
        "South, version 1 of its rules: the customer is no member.",
        "Club, version 1 of its rules:",
    ]
    assert len(lines_of(asha, store="del")) == 1
    load(club(), {"name": "Gold", "bound_to": {"card_series": ["GOLD"]}, "earning": []})
    CardFactory(series=CardSeries.objects.get(code="GOLD"), number="G1", customer=asha, status=Card.Status.ACTIVE)
    assert [lines[0].partition(",")[0] for lines in lines_of(asha)] == ["Gold", "Club"]


def test_why_a_program_gives_nothing_at_all(northwind: Organization) -> None:
    asha = member(northwind)
    ProgramVersionFactory(
        program=Program.objects.get(),
        number=2,
        rules={"earning": [rule("birthday", expiry={"kind": "field", "name": "dob"})]},
        made_at=NOON - DAY,
    )
    FieldFactory(organization=northwind, name="dob", category="extended", type="date")
    assert lines_of(asha) == [["Club, version 2 of its rules: the expiry field gives no date."]]
    assert lines_of(asha, 10**17) == [["Club, version 2 of its rules: these are more points than can be kept."]]
    set_paused(Program.objects.all(), paused=True, by=till_actor(open_shop(northwind).till))
    assert lines_of(asha) == [["Club, version 2 of its rules: the program is paused."]]
    assert lines_of(CustomerFactory(organization=northwind, type=Customer.Type.NON_LOYALTY)) == []


def test_a_rule_whose_expiry_date_is_past_is_described(northwind: Organization) -> None:
    load(club(earning=[rule("base"), rule("spring", expiry={"kind": "date", "value": date(2025, 3, 31)})]))
    headline, base, spring = lines_of(member(northwind))[0]
    assert spring == "Rule spring gives nothing: the points would have expired on 2025-03-31."
    assert base.startswith("Rule base gives 6.5 regular points")
    assert headline.startswith("Club")
