"""Searches for points, purchases and tiers (docs/protocol.md 4.4)."""

from contextlib import contextmanager
from itertools import count
from types import SimpleNamespace
from urllib.parse import quote

import pytest
import time_machine
from django.db import connection

from customers.profile.models import Customer
from engagement.bills.models import PurchaseTotals
from engagement.points import search as loyalty_search
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.models import Membership, Program, Tier
from loyalty_project.db.timeouts import TookTooLongError
from organizations.tenancy.scoping import organization_scope
from tests.api import Api
from tests.factories.bills import DAY, NOON, buy
from tests.factories.locations import TillFactory
from tests.factories.points import PointsAccountFactory
from tests.factories.program_files import club, loaded
from tests.factories.programs import MembershipFactory, ProgramFactory
from tests.races import race

pytestmark = pytest.mark.django_db
EXPIRING = {"points": 50, "expiry": {"kind": "days", "value": 5}}


@contextmanager
def indian_club(**rules):
    organization = loaded(club(**rules), base_country="IN")
    with organization_scope(organization):
        yield Api(TillFactory(store__organization=organization, store__code="shop", code="shop.till1"))


@pytest.fixture
def club_api(db):
    """Calls as a till of a club that welcomes with 50 points."""
    with indian_club() as api:
        yield api


def search(api, q):
    answer = api.call("GET", "search", f"q={quote(q)}")
    assert answer.http.status_code == 200, answer.response
    return answer.customer["results"]["item"]


def names_of(api, q):
    return " ".join(item["firstname"] for item in search(api, q))


@pytest.fixture
def people(club_api):
    """Anna with 50 points, Bina who bought for 1000.50 and 300 and has 115, and Carl who is in no program."""
    club_api.add(mobile="9812300001", firstname="Anna", registered_on="2026-01-01")
    bina = club_api.add(mobile="9812300002", firstname="Bina", registered_on="2026-01-01").item["user_id"]
    club_api.add(mobile="9812300003", firstname="Carl", type="NON_LOYALTY")
    for number, (when, amount) in enumerate([("2026-01-05 12:00:00", "1000.50"), ("2026-01-06 12:00:00", "300")]):
        buy(Customer.objects.get(pk=bina), club_api.till, when, amount, number=f"B{number}")


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("loyalty_points:EQUALS:50", "Anna"), ("loyalty_points:50.000", "Anna"), ("loyalty_points:EQUALS:0", "Carl"),
        ("loyalty_points:GREATER:50", "Bina"), ("loyalty_points:GREATER:49.999", "Anna Bina"),
        ("loyalty_points:LESS:115", "Anna Carl"), ("loyalty_points:LESS:50", "Carl"), ("loyalty_points:LESS:0", ""),
        ("loyalty_points:GREATER:-1", "Anna Bina Carl"), ("loyalty_points:RANGE:50;115", "Anna Bina"),
        ("loyalty_points:RANGE: 0 ; 50 ", "Anna Carl"), ("loyalty_points:RANGE:50;0", ""),
        ("loyalty_points:IN:0;115", "Bina Carl"), ("loyalty_points:IN:50;7", "Anna"),
        ("loyalty_points:GREATER:999999999999999999.999999", ""),
        ("lifetime_points:EQUALS:115", "Bina"), ("lifetime_points:LESS:1", "Carl"),
        ("lifetime_purchases:EQUALS:1300.5", "Bina"), ("lifetime_purchases:GREATER:0", "Bina"),
        ("lifetime_purchases:LESS:1300.5", "Anna Carl"), ("lifetime_purchases:EQUALS:0", "Anna Carl"),
        ("last_trans_value:EQUALS:300", "Bina"), ("transaction_value:RANGE:300;300", "Bina"),
        ("Transaction_Value:LESS:1", "Anna Carl"), ("slab:EQUALS:bronze", "Anna"),
        ("slab:EXACT:bronze", ""), ("slab:EXACT:Bronze", "Anna"),
        ("slab:IN:silver;gold", "Bina"), ("slab:NONE", ""), ("slab:EQUALS:Nothing", ""),
    ],
)  # fmt: skip
def test_figures(club_api, people, q, names):
    with time_machine.travel("2026-01-10"):
        assert names_of(club_api, f"({q})") == names


def test_the_figures_are_printed(club_api, people):
    names = ["firstname", "loyalty_points", "lifetime_points", "lifetime_purchases", "current_slab", "last_trans_value"]
    assert [tuple(item[name] for name in names) for item in search(club_api, "(mobile:STARTS:91)")] == [
        ("Anna", "50", "50", "0", "Bronze", "0"),
        ("Bina", "115", "115", "1300.5", "Silver", "300"),
        ("Carl", "0", "0", "0", "", "0"),
    ]


def test_points_and_tier_are_those_of_the_default_program(club_api, people):
    other = ProgramFactory(
        organization=club_api.till.organization, name="Other", rules={"tiers": [{"name": "Bronze"}, {"name": "Ruby"}]}
    )
    carl = Customer.objects.get(firstname="Carl")
    ruby = Tier.objects.get(name="Ruby")
    MembershipFactory(customer=carl, program=other, enrolled_on=NOON, tier=ruby, tier_since=NOON)
    PointsAccountFactory(
        organization=club_api.till.organization, customer=carl, program=other, balance=9, lifetime=9, membership=False
    )
    assert names_of(club_api, "(slab:EQUALS:Ruby)") == ""
    assert names_of(club_api, "(loyalty_points:GREATER:0)") == "Anna Bina"
    assert search(club_api, "(firstname:carl)")[0]["loyalty_points"] == "0"


def test_a_member_without_a_tier_is_found_by_none(club_api, people):
    Membership.objects.filter(customer__firstname="Anna").update(tier=None, tier_since=None)
    assert names_of(club_api, "(slab:EQUALS:none)") == "Anna"
    assert names_of(club_api, "(slab:EXACT:none)") == ""


def test_a_program_that_is_switched_off_has_no_figures(club_api, people):
    Program.objects.update(is_active=False)
    assert names_of(club_api, "(loyalty_points:GREATER:0)") == ""
    assert names_of(club_api, "(loyalty_points:EQUALS:0)") == "Anna Bina Carl"
    assert names_of(club_api, "(slab:EQUALS:Bronze)") == ""
    assert search(club_api, "(firstname:anna)")[0]["current_slab"] == ""


def test_a_balance_below_zero_is_found_as_it_is_printed(club_api, people):
    PointsAccount.objects.filter(customer__firstname="Anna").update(balance=-7, adjusted=-57, floor=-100)
    for q, names in {
        "EQUALS:0": "Anna Carl",
        "LESS:0": "",
        "EQUALS:-7": "",
        "RANGE:-10;-5": "",
        "RANGE:-10;5": "Anna Carl",
    }.items():
        assert names_of(club_api, f"(loyalty_points:{q})") == names
    PurchaseTotals.objects.update(amount=-5)
    assert names_of(club_api, "(lifetime_purchases:LESS:0)") == "Bina"


@pytest.fixture
def expiring(db):
    """Calls as a till whose welcome points last five days; three customers joined at noon of the second of March."""
    with indian_club(enrolment=EXPIRING) as api:
        with time_machine.travel(NOON):
            for number in range(3):
                api.add(mobile=f"981230000{number}", firstname=f"Member{number}", lastname="Rao")
        yield api


def expired() -> int:
    return PointsEntry.objects.filter(kind="EXPIRE").count()


def test_points_that_fell_due_are_neither_found_nor_printed(expiring, monkeypatch):
    monkeypatch.setattr(loyalty_search, "_BATCH", 2)
    with time_machine.travel(NOON + 5 * DAY):
        assert names_of(expiring, "(loyalty_points:GREATER:0)") == "Member0 Member1 Member2"
    with time_machine.travel(NOON + 6 * DAY):
        assert names_of(expiring, "(loyalty_points:GREATER:0)&(firstname:EXACT:Member1)") == ""
        # Only of those who meet the other conditions.
        assert expired() == 1
        assert names_of(expiring, "(lifetime_points:GREATER:0)&(lastname:Rao)") == "Member0 Member1 Member2"
        assert expired() == 3
        assert names_of(expiring, "(loyalty_points:EQUALS:0)") == "Member0 Member1 Member2"
        assert [item["loyalty_points"] for item in search(expiring, "(lastname:EXACT:Rao)")] == ["0", "0", "0"]


def test_a_search_by_other_values_settles_only_printed_customers(expiring):
    with time_machine.travel(NOON + 6 * DAY):
        assert [item["loyalty_points"] for item in search(expiring, "(firstname:Member2)")] == ["0"]
        assert expired() == 1


@pytest.mark.django_db(transaction=True)
def test_locked_points_are_searched_as_of_now(transactional_db, expiring):
    asked = ["(loyalty_points:GREATER:0)", "(loyalty_points:EQUALS:0)&(lastname:rao)", "(lifetime_points:EQUALS:50)"]
    with connection.cursor() as cursor, time_machine.travel(NOON + 6 * DAY, tick=True):
        cursor.execute("BEGIN")
        cursor.execute("SELECT id FROM engagement_pointsaccount FOR UPDATE")
        try:
            answers = race([asked], lambda q: names_of(expiring, q))
        finally:
            cursor.execute("ROLLBACK")
        assert answers == ["", "Member0 Member1 Member2", "Member0 Member1 Member2"]
        assert expired() == 0


def test_settlement_out_of_time_continues_with_the_next_run(expiring, monkeypatch):
    monkeypatch.setattr(loyalty_search, "_BATCH", 1)
    # A second passes at each reading of the clock.
    monkeypatch.setattr(loyalty_search, "time", SimpleNamespace(monotonic=count().__next__))
    program = Program.objects.get(is_default=True)
    with time_machine.travel(NOON + 6 * DAY):
        for done in (1, 2, 3):
            with pytest.raises(TookTooLongError):
                loyalty_search.settle_among(
                    Customer.objects.values("pk"), program=program, organization=expiring.till.organization, seconds=0.5
                )
            assert expired() == done
