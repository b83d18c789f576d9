"""Odd values of every documented parameter of a read, about a customer who has something to show: never a bug (5xx)."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.conf import settings

from customers.profile.models import Customer
from engagement.coupons.models import Coupon
from organizations.tenancy.scoping import organization_scope
from tests.api import Api
from tests.attacks.bodies import ODD_VALUES
from tests.attacks.test_bodies import FULL, attack
from tests.factories.bills import NOON, Shop, member, open_shop
from tests.factories.coupons import hold, open_series
from tests.factories.locations import till_actor
from tests.factories.program_files import CLUB, club, loaded

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

# The actions that read about one customer, by the sections of docs/protocol.md that name their parameters.
READS = {"get": "4.5", "transactions": "4.6", "redemptions": "4.7", "coupons": "4.9", "subscriptions": "4.14"}
NUMBERS = ("99999999", "3000000", "9" * 19, "0" * 5000, "1.5", "1_0")
# What parameters need beside them, so that they are read at all.
BESIDE = "mlp=true&coupon_org_entity_value=blr&type="


def parameters_of(action: str) -> list[str]:
    """The parameters in the tables of the action's section."""
    text = (settings.BASE_DIR / "docs" / "protocol.md").read_text(encoding="utf-8")
    section = re.split(r"\n### ", text.partition(f"\n### {READS[action]} ")[2])[0]
    cells = re.findall(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \|", section, re.MULTILINE)
    return sorted({name for cell in cells for name in re.findall(r"[a-z_]+", cell)})


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop of a club with trackers, and tiers that are kept by visits."""
    tiers = [dict(tier) for tier in CLUB["tiers"]]
    tiers[1] |= {
        "renew": {"conditions": [{"based_on": "VISITS", "threshold": 3}]},
        "validity_months": 12,
        "downgrade_to": "previous",
    }
    tracker = {"name": "Spend", "type": "BILL_AMOUNT", "mode": "MOVING_WINDOW", "days": 730}
    organization = loaded(club(tiers=tiers, trackers=[tracker]))
    with organization_scope(organization):
        yield open_shop(organization)


@pytest.fixture
def customer(shop: Shop) -> Customer:
    """A member in the second of three tiers, with a bill and a coupon."""
    asha = member(shop.till.organization)
    shop.record(shop.draft("lift", 1000, customer_id=asha.pk, billed_at=NOON))
    hold(asha, open_series(shop.till.organization), by=till_actor(shop.till))
    return asha


def test_the_customer_has_something_to_show(shop: Shop, customer: Customer) -> None:
    item = Api(shop.till).get(f"id={customer.pk}&mlp=true&gap_to_upgrade_for=0&slab_history=true").item
    assert item["points_summaries"]["points_summary"][0]["gap_to_upgrade"]["upgrade_strategy"]
    assert (len(item["slab_history"]["history"]), len(item["coupons"]["coupon"])) == (1, Coupon.objects.count())


@pytest.mark.parametrize("action", READS)
def test_odd_values_of_documented_parameters_are_answered(shop: Shop, customer: Customer, action: str) -> None:
    names = parameters_of(action)
    assert len(names) > (2 if action == "subscriptions" else 5)
    values = [*ODD_VALUES, *NUMBERS]
    api, wrong = Api(shop.till), []
    for number, name in enumerate(names):
        # Each value meets some of the parameters; numbers meet all.
        for value in values if FULL else [*NUMBERS, *values[number % 5 :: 5]]:
            query = f"id={customer.pk}&{BESIDE}&{name}={quote(value, safe='%')}"
            wrong.append(attack(lambda query=query: api.call("GET", action, query).http, f"{action} {name}={value[:30]}"))
    assert [line for line in wrong if line] == []
