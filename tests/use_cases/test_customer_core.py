"""Points and tiers in the answers of add and update, by calls of the API."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from customers.profile.models import Customer
from engagement.bills.models import PurchaseTotals
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.models import Membership, Program, ProgramVersion, Tier
from engagement.programs.pausing import set_paused
from loyalty_project import clock
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.api import Api
from tests.factories.bills import Shop, open_shop
from tests.factories.locations import till_actor
from tests.factories.program_files import club, load, loaded
from tests.factories.programs import ProgramVersionFactory

pytestmark = pytest.mark.django_db
MOBILE = "919812345678"
SOUTH: dict[str, Any] = {"name": "South", "bound_to": {"zones": ["south"]}, "earning": [], "enrolment": {"points": 7}}
NORTH: dict[str, Any] = {"name": "North", "bound_to": {"zones": ["north"]}, "earning": []}


@pytest.fixture
def northwind() -> Iterator[Organization]:
    organization = loaded(club(), base_country="IN")
    with organization_scope(organization):
        yield organization


@pytest.fixture
def shop(northwind: Organization) -> Shop:
    return open_shop(northwind)


@pytest.fixture
def api(shop: Shop) -> Api:
    return Api(shop.till)


def reloaded(*programs: dict[str, Any]) -> Api:
    """A till of northwind with other programs."""
    organization = load(*programs).organization
    organization.base_country = "IN"
    organization.save()
    return Api(open_shop(organization).till)


def rules_of(**changes: Any) -> None:
    """Rules that no organization file could hold, as a version of their own."""
    version = ProgramVersion.objects.filter(program__is_default=True).order_by("-number")[0]
    ProgramVersionFactory(
        program=version.program,
        number=version.number + 1,
        rules={**version.rules, **changes},
        made_at=clock.now() - timedelta(seconds=1),
    )


def test_joining_gives_the_welcome_award_dated_by_the_registration(northwind: Organization) -> None:
    api = reloaded(club(enrolment={"points": Decimal("50.55"), "expiry": {"kind": "months", "value": 1200}}))
    answer = api.add(mobile=MOBILE, registered_on="2026-01-05 10:00:00", query="rawSideEffects=true")
    item = answer.item
    assert (item["lifetime_points"], item["loyalty_points"], item["current_slab"]) == (50.5, 50.5, "Bronze")
    assert item["side_effects"]["effect"] == [
        {"awarded_points": 50.5, "total_points": 50.5, "customer_id": str(item["user_id"]), "type": "points"}
    ]
    (raw,) = item["rawSideEffects"]
    assert (raw["awardOn"], raw["expiryDate"], raw["awardedPoints"], raw["customerId"]) == (
        "2026-01-05 10:00:00",
        "2126-01-31 23:59:59",
        50.5,
        item["user_id"],
    )
    entry = PointsEntry.objects.get()
    assert (entry.explanation, entry.program_version) == (
        {"because": "welcome", "fixed": "50.5", "good_until": "2126-01-31"},
        ProgramVersion.objects.order_by("-number").first(),
    )
    assert item["points_summaries"]["points_summary"][0]["loyaltyPoints"] == "50.5"
    again = api.add(mobile=MOBILE, firstname="Asha", query="rawSideEffects=1")
    assert (again.item["side_effects"]["effect"], again.item["rawSideEffects"], again.item["loyalty_points"]) == ([], [], 50.5)


def test_a_welcome_that_is_over_shows_as_expired(northwind: Organization) -> None:
    api = reloaded(club(enrolment={"points": 50, "expiry": {"kind": "days", "value": 10}}))
    item = api.add(mobile=MOBILE, registered_on="2020-01-05").item
    assert (item["lifetime_points"], item["loyalty_points"]) == (50, 0)
    assert item["points_summaries"]["points_summary"][0]["expired"] == "50"


def test_joining_at_a_further_programs_store_enrols_in_both(northwind: Organization) -> None:
    api = reloaded(club(), SOUTH, NORTH)
    item = api.add(mobile=MOBILE).item
    assert (item["loyalty_points"], [effect["awarded_points"] for effect in item["side_effects"]["effect"]]) == (7, [7, 50])
    assert Membership.objects.count() == 2
    rows = item["points_summaries"]["points_summary"]
    assert [row["programId"] for row in rows] == [str(Program.objects.get(name=name).pk) for name in ("Club", "South")]
    api.add(mobile="919812345679", query="mlp_single_enroll=true")
    assert Membership.objects.count() == 5


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ({"enrolment": {"points": 0.01}}, "1088"),
        ({"enrolment": {"points": 5, "expiry": {"kind": "field", "name": "dob"}}}, "1093"),
        ({"enrolment": {"points": 10**16}}, "1087"),
        ({"tiers": [{"name": "Missing"}]}, "1092"),
    ],
)
def test_what_goes_wrong_with_the_welcome_is_a_warning(api: Api, rules: dict[str, Any], code: str) -> None:
    if code == "1092":
        Tier.objects.all().update(is_active=False)
    rules_of(**rules)
    answer = api.add(mobile=MOBILE)
    assert (answer.code, answer.warnings, Customer.objects.count()) == ("1000", [code], 1)


def test_a_paused_program_enrols_no_customer(api: Api, shop: Shop) -> None:
    set_paused(Program.objects.all(), paused=True, by=till_actor(shop.till))
    answer = api.add(mobile=MOBILE)
    assert (answer.code, answer.item["loyalty_points"], answer.warnings) == ("1000", 0, ["1098"])


def test_an_add_without_a_default_program_is_warned_of(api: Api) -> None:
    Program.objects.update(is_active=False)
    answer = api.add(mobile=MOBILE)
    assert (answer.code, answer.item["current_slab"], answer.warnings) == ("1000", None, ["1095"])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE engagement_program CASCADE")
    assert api.add(mobile="919812345679").code == "1023"
    assert api.add(mobile="919812345679", type="NON_LOYALTY").code == "1000"


def test_points_that_the_database_refuses_leave_the_customer(api: Api) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE engagement_pointslot ADD CONSTRAINT no_lots CHECK (points < 0) NOT VALID")
    answer = api.add(mobile=MOBILE)
    assert (answer.code, answer.item["loyalty_points"], answer.warnings) == ("1000", 0, ["1010"])
    assert Membership.objects.count() == 1


def test_a_member_without_an_account_is_reported(api: Api) -> None:
    api.add(mobile=MOBILE)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE engagement_pointsaccount CASCADE")
    answer = api.update(mobile=MOBILE, firstname="Asha")
    assert (answer.code, answer.item["loyalty_points"], answer.warnings) == ("1000", 0, ["1091"])
    assert (PointsAccount.objects.count(), answer.item["points_summaries"]) == (0, {"points_summary": []})


def test_unreadable_balances_are_zero_with_a_warning(api: Api) -> None:
    api.add(mobile=MOBILE)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE engagement_purchasetotals RENAME COLUMN amount TO gone")
    answer = api.update(mobile=MOBILE, firstname="Asha")
    assert (answer.code, answer.item["loyalty_points"], answer.item["lifetime_purchases"]) == ("1000", 0, 0)
    assert answer.warnings == ["91001"]


def test_purchases_are_printed_for_every_customer(api: Api, shop: Shop) -> None:
    user = int(api.add(mobile=MOBILE, type="NON_LOYALTY").item["user_id"])
    shop.record(shop.draft("1", 120, customer_id=user))
    assert PurchaseTotals.objects.get().amount == Decimal(120)
    item = api.update(mobile=MOBILE, firstname="Asha").item
    assert (item["lifetime_purchases"], item["lifetime_points"], item["current_slab"]) == (120, 0, None)
