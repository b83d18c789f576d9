"""A rehearsal of today's rules is what they really did; a draft changes what it says and nothing in the database."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from customers.profile.models import Customer
from engagement.bills.draft import LineDraft
from engagement.points.ledger.movements import spend
from engagement.points.ledger.posting import Kind
from engagement.points.ledger.repository import lock_accounts, settle_states, write_accounts
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.models import Membership, Program, ProgramVersion
from engagement.rehearsal import services
from engagement.rehearsal.outcome import Comparison
from engagement.rehearsal.services import rehearse
from organizations.tenancy.models import Organization
from tests.factories.bills import DAY, NOON, Shop, member, open_shop
from tests.factories.points import facts
from tests.factories.program_files import club, load

pytestmark = pytest.mark.django_db

QUERIES = 24
LATE = NOON + 10 * DAY
EARNING: list[dict[str, Any]] = [
    {"name": "base", "award": {"per": 10, "points": 1}, "expiry": {"kind": "days", "value": 20}},
    {"name": "tents", "award": {"percent": 5}, "when": {"items": {"include": ["TENT"]}}, "max_points_per_month": 40},
    {"name": "silver", "award": {"multiply": 2, "of": ["base"]}, "when": {"tiers": ["Silver", "Gold"]}, "delay_days": 3},
    {"name": "daily", "award": {"fixed": 3}, "when": {"min_amount": 50}, "max_points_per_day": 5},
]
TIERS: list[dict[str, Any]] = [
    {"name": "Bronze"},
    {
        "name": "Silver",
        "upgrade": {"based_on": "CUMULATIVE_PURCHASES", "threshold": 600},
        "validity_months": 1,
        "renew": {"conditions": [{"based_on": "PURCHASE", "threshold": 300}]},
        "downgrade_to": "previous",
        "on_entry": {"points": 25},
    },
    {"name": "Gold", "upgrade": {"based_on": "LIFETIME_POINTS", "threshold": 1100}, "on_entry": {"points": 10}},
]


def rules(**changes: Any) -> dict[str, Any]:
    return club(
        **{
            "earning": EARNING,
            "tiers": TIERS,
            "points_to_currency": Decimal("0.5"),
            "returns": {"allow_negative": True},
            **changes,
        }
    )


def newest_rules() -> dict[str, Any]:
    version = ProgramVersion.objects.order_by("-number").first()
    assert version is not None
    return dict(version.rules)


def rehearsed(organization: Organization, *, until: datetime, days: int = 90, **changes: Any) -> Comparison:
    return rehearse(Program.objects.get(), {**newest_rules(), **changes}, days=days, organization=organization, now=until)


def issued_by_rule(since: datetime | None = None) -> dict[str, Decimal]:
    """The points that bills were really awarded, by rule."""
    issued: defaultdict[str, Decimal] = defaultdict(Decimal)
    for entry in PointsEntry.objects.filter(kind__in=("AWARD", "PROMISE"), bill__isnull=False):
        if since is None or entry.occurred_at >= since:
            issued[entry.explanation["rule"]] += entry.points + entry.promised
    return dict(issued)


def really(kind: str) -> Decimal:
    entries = PointsEntry.objects.filter(kind=kind)
    return -sum((entry.points + entry.promised for entry in entries), Decimal(0))


def live(shop: Shop, customers: list[Customer], *, days: int, seed: int) -> datetime:
    """Two months of bills with lines, and of returns, each recorded in its moment; returns the last moment."""
    random = Random(seed)
    sold: list[tuple[Customer, str, int, datetime]] = []
    for day in range(days):
        for minute in sorted(random.sample(range(500), random.randint(0, 3))):
            moment = NOON + day * DAY + timedelta(minutes=minute)
            (customer,) = random.choices(customers, weights=[9, 5, 3, 1])
            if sold and random.random() < 0.2:
                buyer, number, amount, _at = sold.pop(random.randrange(len(sold)))
                part = random.choice((amount, amount // 2 or 1))
                draft = shop.returned(number, part, number=f"R{number}", billed_at=moment, customer_id=buyer.pk)
            else:
                amount, tents = random.randint(5, 300), random.randint(0, 1)
                lines = [LineDraft(item_code="TENT" if tents else "ROPE", quantity=Decimal(1), amount=Decimal(amount))]
                number = f"S{day}-{len(sold)}-{moment.minute}-{customer.pk}"
                draft = shop.draft(number, amount, billed_at=moment, customer_id=customer.pk, lines=lines)
                sold.append((customer, number, amount, moment))
            shop.record(draft, now=moment + timedelta(minutes=1))
    return NOON + days * DAY


def settle_all(customers: list[Customer], until: datetime, organization: Organization) -> None:
    with transaction.atomic():
        states = lock_accounts([customer.pk for customer in customers], zone=organization.zone)
        settle_states(states.values(), until=until, recorded_at=until)
        write_accounts(states.values())


def redeem(customer: Customer, points: int, moment: datetime, organization: Organization) -> None:
    with transaction.atomic():
        (state,) = lock_accounts([customer.pk], zone=organization.zone).values()
        spend(state, Decimal(points), kind=Kind.REDEEM, facts=facts(moment))
        write_accounts([state])


def test_todays_rules_are_replayed_as_they_were(northwind: Organization) -> None:
    load(rules())
    shop = open_shop(northwind)
    customers = [member(northwind) for _ in range(4)]
    until = live(shop, customers, days=60, seed=5)
    settle_all(customers, until, northwind)
    comparison = rehearsed(northwind, until=until)
    assert dict(comparison.today.issued) == issued_by_rule()
    assert comparison.today.taken_back == really("RETURN") > 0
    assert comparison.today.expired == really("EXPIRE") > 0
    gifts = PointsEntry.objects.filter(explanation__because="tier")
    assert comparison.today.gifts == sum(entry.points for entry in gifts) > 0
    accounts = PointsAccount.objects.all()
    assert comparison.today.left == sum(account.balance + account.promised for account in accounts)
    members = Counter(name or "Bronze" for name in Membership.objects.values_list("tier__name", flat=True))
    assert {name: count for name, count in comparison.today_members.items() if count} == dict(members)
    assert len(members) > 1
    assert (comparison.up, comparison.down, comparison.today.failed) == (0, 0, 0)
    assert comparison.draft == comparison.today
    assert comparison.outstanding == comparison.draft_outstanding == comparison.today.left
    # The second half of the time alone: it begins with the tiers, caps and totals of its first day.
    half = rehearsed(northwind, until=until, days=28)
    begin = datetime.combine(half.since, datetime.min.time(), northwind.zone)
    assert dict(half.today.issued) == issued_by_rule(since=begin)
    assert {name: count for name, count in half.today_members.items() if count} == dict(members)
    assert half.today.sales < comparison.today.sales


def test_a_draft_shows_its_points_liability_and_moves(northwind: Organization) -> None:
    load(rules(earning=EARNING[:1], tiers=[TIERS[0], {**TIERS[1], "on_entry": None}]))
    shop = open_shop(northwind)
    asha, ben, chitra = (member(northwind) for _ in range(3))
    for number, (customer, amount) in enumerate(((asha, 500), (ben, 100), (ben, 9), (chitra, 700)), start=1):
        shop.record(shop.draft(f"S{number}", amount, customer_id=customer.pk, billed_at=NOON + number * DAY), now=LATE)
    redeem(asha, 30, NOON + 5 * DAY, northwind)
    shop.record(shop.returned("S4", 350, number="R4", billed_at=NOON + 6 * DAY, customer_id=chitra.pk), now=LATE)
    before = [list(model.objects.order_by("pk").values()) for model in (PointsAccount, PointsEntry, Membership, ProgramVersion)]
    tiers = [
        {"name": "Bronze"},
        {"name": "Silver", "upgrade": {"based_on": "CUMULATIVE_PURCHASES", "threshold": 400}, "on_entry": {"points": 7}},
    ]
    earning = [{"name": "base", "award": {"percent": 20}}, {"name": "bonus", "award": {"fixed": 1}}]
    with CaptureQueriesContext(connection) as queries:
        comparison = rehearsed(northwind, until=NOON + 10 * DAY, earning=earning, tiers=tiers, points_to_currency=1)
    assert not [query["sql"] for query in queries if query["sql"].lstrip()[:6] in ("INSERT", "UPDATE", "DELETE")]
    assert before == [
        list(model.objects.order_by("pk").values()) for model in (PointsAccount, PointsEntry, Membership, ProgramVersion)
    ]
    shown = services.result_of(comparison, currency="INR")
    assert shown["today"] == {
        "sales": 4, "earning_bills": 4, "issued": "130.9", "gifts": "0", "taken_back": "35", "expired": "0", "left": "95.9",
        "outstanding": "65.9", "liability": "32.95", "not_computed": 0,
    }  # fmt: skip
    # The return takes back half of 140 and of 1, rounded down: 70.5 of 141.
    assert shown["draft"] == {
        "sales": 4, "earning_bills": 4, "issued": "265.8", "gifts": "14", "taken_back": "70.5", "expired": "0",
        "left": "209.3", "outstanding": "179.3", "liability": "179.30", "not_computed": 0,
    }  # fmt: skip
    assert shown["rules"] == [
        {"rule": "base", "today": "130.9", "draft": "261.8"}, {"rule": "bonus", "today": "0", "draft": "4"},
    ]  # fmt: skip
    assert shown["tiers"] == [{"tier": "Bronze", "today": 2, "draft": 1}, {"tier": "Silver", "today": 1, "draft": 2}]
    assert shown["moves"] == {"up": 1, "down": 0}
    assert shown["movers"] == [{"customer": asha.pk, "today": "Bronze", "draft": "Silver"}]


def test_what_was_earned_before_the_days_is_left_alone(northwind: Organization) -> None:
    load(rules(earning=EARNING[:1], tiers=TIERS))
    shop = open_shop(northwind)
    asha = member(northwind)
    shop.record(shop.draft("OLD", 650, customer_id=asha.pk, billed_at=NOON - 30 * DAY), is_history=True, now=NOON)
    shop.record(shop.returned("OLD", 600, number="R", billed_at=NOON, customer_id=asha.pk))
    shop.record(shop.draft("NEW", 10, customer_id=asha.pk, billed_at=NOON + DAY))
    comparison = rehearsed(northwind, until=NOON + 2 * DAY, days=5)
    assert (dict(comparison.today.issued), comparison.today.sales) == ({"base": Decimal(1)}, 1)
    assert comparison.today.taken_back == 0
    held = Membership.objects.get()
    assert held.tier is not None
    assert {name: count for name, count in comparison.today_members.items() if count} == {held.tier.name: 1}


def test_older_points_expire_as_they_did(northwind: Organization) -> None:
    tiers = [{"name": "Bronze"}, {"name": "Silver", "upgrade": {"based_on": "CURRENT_POINTS", "threshold": 15}}]
    load(rules(earning=EARNING[:1], tiers=tiers))
    shop = open_shop(northwind)
    asha = member(northwind)
    for number, day in ((1, -25), (2, 0)):
        shop.record(shop.draft(f"S{number}", 100, customer_id=asha.pk, billed_at=NOON + day * DAY), is_history=True, now=LATE)
    # The first ten points expired before the second bill, and within the days.
    comparison = rehearsed(northwind, until=NOON + DAY, days=20)
    assert +comparison.today_members == Counter(["Bronze"])


def test_points_that_a_file_stated_are_the_same_by_every_draft(northwind: Organization) -> None:
    load(rules(earning=EARNING[:1], tiers=[]))
    shop = open_shop(northwind)
    asha = member(northwind)
    shop.record(shop.draft("S1", 100, customer_id=asha.pk, stated_points=Decimal(77)), is_history=True)
    comparison = rehearsed(northwind, until=NOON + 3 * DAY, earning=[])
    assert dict(comparison.today.issued) == dict(comparison.draft.issued) == {"stated with the bill": Decimal(77)}


def test_a_paused_program_is_rehearsed_as_if_it_were_not(northwind: Organization) -> None:
    load(rules(earning=EARNING[:1], tiers=[]))
    shop = open_shop(northwind)
    asha = member(northwind)
    shop.record(shop.draft("S1", 100, customer_id=asha.pk))
    Program.objects.update(is_paused=True)
    assert rehearsed(northwind, until=NOON + 3 * DAY).today.points == 10


def test_queries_do_not_grow_with_the_bills(northwind: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    load(rules())
    shop = open_shop(northwind)
    rehearsed(northwind, until=NOON + 9 * DAY)
    counts = []
    seen: list[tuple[int, int]] = []
    for number in range(3):
        asha = member(northwind)
        for day in range(number + 1):
            shop.record(shop.draft(f"S{number}{day}", 90, customer_id=asha.pk, billed_at=NOON + day * DAY), now=NOON + 9 * DAY)
        with CaptureQueriesContext(connection) as queries:
            rehearsed(northwind, until=NOON + 9 * DAY)
        counts.append(len(queries))
    assert counts == [QUERIES] * 3
    # Customers come in parts; the figures are the same.
    monkeypatch.setattr(services, "CUSTOMERS_AT_ONCE", 1)
    parts = rehearse(
        Program.objects.get(), newest_rules(), organization=northwind, now=NOON + 9 * DAY,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert seen == [(1, 6), (3, 6), (6, 6)]
    assert dict(parts.today.issued) == issued_by_rule()
