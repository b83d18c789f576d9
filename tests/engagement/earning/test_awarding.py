"""What does a recorded bill do to its customer's points?"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from customers.profile.models import Customer
from engagement.earning.awarding import award_bills
from engagement.events.models import DeferredEvent
from engagement.points.ledger.movements import spend
from engagement.points.ledger.repository import write_accounts
from engagement.points.models import BillPoints, PointsEntry, PointsLot
from engagement.points.settlement import settled_accounts
from engagement.programs.catalog import load_catalog
from engagement.programs.models import Membership, Program, ProgramVersion, Tier
from engagement.programs.pausing import set_paused
from organizations.tenancy.models import Organization
from referrals.campaigns.catalog import load_campaigns
from tests.factories.bills import DAY, NOON, Shop, account_of, codes, effects_of, member, open_shop
from tests.factories.customers import CustomerFactory
from tests.factories.fields import FieldFactory
from tests.factories.locations import till_actor
from tests.factories.points import facts, state_of
from tests.factories.program_files import club, load
from tests.factories.programs import ProgramVersionFactory
from tests.factories.statuses import CustomerStatusFactory, label
from use_cases.deferred_events import work_deferred_events
from use_cases.purchases import record_purchases

pytestmark = pytest.mark.django_db


def rule(**more: Any) -> dict[str, Any]:
    return {"name": "base", "award": {"per": 100, "points": 5}, **more}


def spend_points(customer: Customer, points: int) -> None:
    with transaction.atomic():
        state = state_of(account_of(customer))
        spend(state, Decimal(points), kind=PointsEntry.Kind.REDEEM, facts=facts(NOON + timedelta(hours=1)))
        write_accounts([state])


def settled(customer: Customer, program: str = "Club") -> tuple[Decimal, Decimal]:
    """Balance and promised points with everything done that is due by now."""
    settled_accounts([customer.pk], organization=customer.organization)
    account = account_of(customer, program)
    return account.balance, account.promised


def test_a_sale_earns_by_the_rules_with_an_explanation(shop: Shop, asha: Customer) -> None:
    purchase = shop.record(shop.draft("1", 130, customer_id=asha.pk))
    entry = PointsEntry.objects.get()
    assert (entry.points, entry.kind, entry.occurred_at, entry.recorded_at) == (Decimal("6.5"), "AWARD", NOON, NOON + 2 * DAY)
    assert (entry.bill_id, entry.till_id, entry.store_id, entry.made_by) == (
        purchase.recorded.bill.pk,
        shop.till.pk,
        shop.till.store_id,
        "till:blr.till1",
    )
    figures = {"because": "rule", "rule": "base", "per": "100", "points": "5", "amount": "130", "exact": "6.5", "precision": 1}
    assert entry.explanation.items() >= figures.items()
    assert entry.program_version == ProgramVersion.objects.get()
    account = account_of(asha)
    assert (account.purchases, account.visits, account.last_active_on) == (130, 1, date(2026, 3, 2))
    counted = BillPoints.objects.get()
    assert (counted.issued, counted.claimed) == (Decimal("6.5"), 0)


def test_points_are_promised_until_the_morning_after_the_delay(shop: Shop, asha: Customer) -> None:
    load(club(earning=[rule(delay_days=14, expiry={"kind": "days", "value": 10})]))
    purchase = shop.record(shop.draft("1", 100, customer_id=asha.pk))
    assert effects_of(purchase)[0] | {"customer_id": ""} == {
        "awarded_points": 5, "total_points": 0, "customer_id": "", "type": "points",
    }  # fmt: skip
    lot = PointsLot.objects.get()
    # Fifteen days after the bill at midnight in Kolkata.
    assert (lot.opens_at, lot.expires_on, lot.is_open) == (datetime(2026, 3, 16, 18, 30, tzinfo=UTC), date(2026, 3, 27), False)
    assert (account_of(asha).balance, account_of(asha).promised) == (0, 5)
    shop.record(shop.returned("1", 40, customer_id=asha.pk))
    account = account_of(asha)
    assert (account.promised, account.promised_returned, account.returned) == (3, 2, 0)


def test_a_cap_is_described(shop: Shop, asha: Customer) -> None:
    load(club(earning=[rule(max_points=2)]))
    purchase = shop.record(shop.draft("1", 100, customer_id=asha.pk))
    assert (codes(purchase), account_of(asha).balance) == ([1097], 2)


@pytest.mark.parametrize(("last_day", "warnings", "lifetime"), [(0, [], 15), (-1, [1093], 5)])
def test_a_rule_whose_expiry_date_is_past_awards_nothing(
    shop: Shop, asha: Customer, last_day: int, warnings: list[int], lifetime: int
) -> None:
    draft = shop.draft("1", 100, customer_id=asha.pk)
    day = draft.billed_at.astimezone(shop.organization.zone).date() + timedelta(days=last_day)
    gift = rule(name="gift", award={"fixed": 10}, expiry={"kind": "date", "value": day})
    load(club(earning=[rule(), gift]))
    purchase = shop.record(draft)
    assert (codes(purchase), account_of(asha).lifetime) == (warnings, lifetime)
    assert not DeferredEvent.objects.exists()
    assert codes(shop.record(shop.returned("1", 100, customer_id=asha.pk))) == []
    assert account_of(asha).balance == 0


def test_a_promise_that_would_be_released_after_its_expiry_awards_nothing(shop: Shop, asha: Customer) -> None:
    draft = shop.draft("1", 100, customer_id=asha.pk)
    day = draft.billed_at.astimezone(shop.organization.zone).date()
    load(club(earning=[rule(delay_days=3, expiry={"kind": "date", "value": day})]))
    assert (codes(shop.record(draft)), account_of(asha).promised) == ([1093], 0)


def test_a_label_that_forbids_points_counts_the_bill_and_gives_nothing(
    shop: Shop, northwind: Organization, asha: Customer
) -> None:
    label(asha, CustomerStatusFactory(organization=northwind, blocks=["points_issue"]))
    purchase = shop.record(shop.draft("1", 100, customer_id=asha.pk))
    assert (codes(purchase), account_of(asha).balance) == ([9610], 0)
    assert (account_of(asha).purchases, account_of(asha).visits, BillPoints.objects.get().issued) == (100, 1, 0)
    assert purchase.notices[0].text == "Points are not awarded"
    stated = shop.record(shop.draft("2", 100, customer_id=asha.pk, stated_points=Decimal(7)))
    assert (codes(stated), account_of(asha).balance) == ([9610], 0)
    shop.record(shop.returned("1", 100, customer_id=asha.pk))
    assert (account_of(asha).purchases, account_of(asha).balance) == (100, 0)


def test_the_warning_is_for_members_alone(shop: Shop, northwind: Organization) -> None:
    stranger = CustomerFactory(organization=northwind)
    label(stranger, CustomerStatusFactory(organization=northwind, blocks=["points_issue"]))
    assert codes(shop.record(shop.draft("1", 100, customer_id=stranger.pk))) == []


def test_a_label_that_forbids_promotions_leaves_regular_points(shop: Shop, northwind: Organization, asha: Customer) -> None:
    load(club(earning=[rule(), rule(name="gift", kind="promotional", award={"fixed": 10})]))
    shop.record(shop.draft("1", 100, customer_id=asha.pk))
    assert account_of(asha).balance == 15
    label(asha, CustomerStatusFactory(organization=northwind, blocks=["promotions"]))
    purchase = shop.record(shop.draft("2", 100, customer_id=asha.pk))
    assert (codes(purchase), account_of(asha).balance) == ([], 20)


def test_fraud_closes_no_earning(shop: Shop, asha: Customer) -> None:
    load(club(earning=[rule(), rule(name="gift", kind="promotional", award={"fixed": 10})]))
    Customer.objects.update(fraud_status="CONFIRMED")
    shop.record(shop.draft("1", 100, customer_id=asha.pk))
    assert account_of(asha).balance == 15


def test_a_paused_program_counts_the_bill_and_gives_nothing(shop: Shop, asha: Customer) -> None:
    set_paused(Program.objects.all(), paused=True, by=till_actor(shop.till))
    purchase = shop.record(shop.draft("1", 100, customer_id=asha.pk))
    assert (codes(purchase), account_of(asha).balance) == ([1098], 0)
    assert (account_of(asha).purchases, BillPoints.objects.get().issued) == (100, 0)
    assert shop.record(shop.returned("1", 40, customer_id=asha.pk)).award.entries == []
    assert account_of(asha).purchases == 60


def test_an_expiry_without_a_date_keeps_the_bill(northwind: Organization, shop: Shop, asha: Customer) -> None:
    dob = FieldFactory(organization=northwind, name="dob", category="extended", type="date")
    version = ProgramVersion.objects.get()
    rules = {**version.rules, "earning": [rule(expiry={"kind": "field", "name": "dob", "value": 7})]}
    ProgramVersionFactory(program=version.program, number=2, rules=rules, made_at=NOON - DAY)
    purchase = shop.record(shop.draft("1", 100, customer_id=asha.pk))
    assert (codes(purchase), account_of(asha).balance) == ([1093], 0)
    assert (asha.purchase_totals.amount, account_of(asha).visits) == (100, 0)
    asha.field_values = {str(dob.pk): "1990-03-10"}
    asha.save()
    assert work_deferred_events(northwind, asha.pk) == 1
    assert PointsLot.objects.get().expires_on == date(2026, 3, 17)
    assert account_of(asha).visits == 1


def test_more_points_than_can_be_kept_keep_the_bill(shop: Shop, asha: Customer) -> None:
    load(club(earning=[rule(award={"per": 1, "points": 999_999_999_999})]))
    assert codes(shop.record(shop.draft("1", 1000, customer_id=asha.pk))) == []
    purchase = shop.record(shop.draft("2", 1000, customer_id=asha.pk))
    assert codes(purchase) == [1087]
    assert account_of(asha).visits == 1


def test_a_late_bill_earns_by_the_rules_of_its_time(northwind: Organization, shop: Shop, asha: Customer) -> None:
    program = Program.objects.get()
    for number, points in ((2, 10), (3, 20)):
        ProgramVersionFactory(
            program=program,
            number=number,
            rules={"precision": 1, "earning": [rule(award={"per": 100, "points": points})]},
            made_at=NOON + (number - 3) * DAY,
        )
    drafts = [
        shop.draft("1", 100, customer_id=asha.pk, billed_at=NOON - timedelta(hours=1)),
        shop.draft("2", 100, customer_id=asha.pk),
        shop.draft("3", 100, customer_id=asha.pk, billed_at=NOON - 9 * DAY),
    ]
    shop.record_all(drafts)
    entries = PointsEntry.objects.order_by("occurred_at").values_list("points", "program_version__number")
    # What is older than the program itself earns by its newest rules.
    assert list(entries) == [(20, 3), (10, 2), (20, 3)]


def test_two_programs_count_apart(northwind: Organization) -> None:
    load(
        club(),
        {"name": "South", "bound_to": {"zones": ["south"]}, "earning": [rule(award={"percent": 10})], "returns": {}},
    )
    shop = open_shop(northwind)
    both, default = member(northwind, "South", "Club"), member(northwind)
    purchase = shop.record(shop.draft("1", 100, customer_id=both.pk))
    assert [(effect["awarded_points"], effect["total_points"]) for effect in effects_of(purchase)] == [(10, 10), (5, 5)]
    shop.record(shop.draft("2", 100, customer_id=default.pk))
    assert account_of(default).balance == 5
    away = open_shop(northwind, "del", "del.till1")
    away.record(away.draft("3", 100, customer_id=both.pk))
    assert (account_of(both, "South").balance, account_of(both).balance) == (10, 10)
    # Brought back elsewhere, it is taken back where it counted.
    back = away.record(away.returned("1", 50, customer_id=both.pk))
    assert back.award.deducted == Decimal("7.5")
    assert (account_of(both, "South").balance, account_of(both).balance) == (5, Decimal("7.5"))
    assert (account_of(both, "South").purchases, account_of(both).purchases) == (50, 150)


def test_stated_points_are_awarded_as_they_are_in_the_tills_program_alone(northwind: Organization) -> None:
    load(
        club(),
        {
            "name": "South",
            "bound_to": {"zones": ["south"]},
            "earning": [rule(award={"percent": 10}, expiry={"kind": "months", "value": 1}), rule(name="more")],
        },
    )
    shop = open_shop(northwind)
    both = member(northwind, "South", "Club")
    shop.record(shop.draft("1", 100, customer_id=both.pk, stated_points=Decimal("7.125")))
    shop.record(shop.draft("2", 100, customer_id=both.pk, stated_points=Decimal(0)))
    entry = PointsEntry.objects.get()
    assert (entry.points, entry.explanation, entry.lot.expires_on) == (
        Decimal("7.125"),
        {"because": "stated", "good_until": "2026-04-30"},
        date(2026, 4, 30),
    )
    assert (account_of(both, "South").visits, account_of(both).visits) == (2, 2)
    shop.record(shop.returned("1", 50, customer_id=both.pk))
    assert account_of(both, "South").balance == Decimal("4.125")


def test_the_tier_and_the_place_decide(northwind: Organization) -> None:
    load(club(earning=[rule(when={"tiers": ["Silver"], "zones": ["south"], "concepts": ["food"], "stores": ["blr"]})]))
    shop, away = open_shop(northwind), open_shop(northwind, "del", "del.till1")
    asha = member(northwind)
    shop.record(shop.draft("1", 100, customer_id=asha.pk))
    silver = Tier.objects.get(name="Silver")
    Membership.objects.filter(customer=asha).update(tier=silver, tier_since=NOON)
    away.record(away.draft("2", 100, customer_id=asha.pk))
    shop.record(shop.draft("3", 100, customer_id=asha.pk, till=None))
    assert account_of(asha).balance == 0
    shop.record(shop.draft("4", 100, customer_id=asha.pk))
    assert account_of(asha).balance == 5


def test_who_is_no_member_counts_nowhere_but_in_purchases(shop: Shop, asha: Customer) -> None:
    Membership.objects.all().delete()
    account_of(asha).delete()
    purchase = shop.record(shop.draft("1", 100, customer_id=asha.pk))
    assert (effects_of(purchase), codes(purchase), asha.purchase_totals.amount) == ([], [], 100)
    assert shop.record(shop.returned("1", 40, customer_id=asha.pk)).award.deducted == 0


def test_other_points_pay_for_what_was_spent_and_the_shortfall_is_forgiven(shop: Shop, asha: Customer) -> None:
    shop.record(shop.draft("1", 200, customer_id=asha.pk))
    spend_points(asha, 8)
    shop.record(shop.draft("2", 60, customer_id=asha.pk))
    back = shop.record(shop.returned("1", customer_id=asha.pk, return_type="FULL"))
    # Of ten points two were left; of the eight spent, the other bill's three pay.
    assert back.award.deducted == 5
    account = account_of(asha)
    assert (account.balance, account.returned, account.lifetime) == (0, 5, 13)
    entry = PointsEntry.objects.get(kind="RETURN")
    numbers = {key: entry.explanation[key] for key in ("claimed", "from_own", "from_others", "shortfall", "lapsed")}
    assert numbers == {"claimed": "10", "from_own": "2", "from_others": "3", "shortfall": "5", "lapsed": "0"}
    counted = BillPoints.objects.order_by("pk").first()
    assert counted is not None
    assert (counted.claimed, counted.taken, counted.claimed_spent) == (10, 5, 8)


def test_a_program_may_let_the_balance_fall_below_zero(shop: Shop, asha: Customer) -> None:
    load(club(returns={"allow_negative": True}))
    shop.record(shop.draft("1", 200, customer_id=asha.pk))
    spend_points(asha, 8)
    assert shop.record(shop.returned("1", 100, customer_id=asha.pk)).award.deducted == 5
    assert account_of(asha).balance == -3
    shop.record(shop.returned("1", 100, customer_id=asha.pk, billed_at=NOON + DAY + timedelta(hours=1)))
    assert account_of(asha).balance == -8
    shop.record(shop.draft("2", 200, customer_id=asha.pk))
    account = account_of(asha)
    assert (account.balance, account.floor) == (2, 0)


def test_expired_points_of_a_returned_sale_are_not_charged(shop: Shop, asha: Customer) -> None:
    load(club(earning=[rule(expiry={"kind": "days", "value": 10})]))
    shop.record(shop.draft("1", 100, customer_id=asha.pk))
    at = NOON + 20 * DAY
    shop.record(shop.draft("2", 100, customer_id=asha.pk, billed_at=at), now=at)
    back = shop.record(shop.returned("1", customer_id=asha.pk, return_type="FULL", billed_at=at), now=at)
    assert (back.award.deducted, account_of(asha).balance, account_of(asha).expired) == (0, 5, 5)
    assert PointsEntry.objects.get(kind="RETURN").explanation["lapsed"] == "5"


def test_halves_of_a_spent_sale_take_no_more_than_the_whole(shop: Shop, asha: Customer) -> None:
    shop.record(shop.draft("1", 200, customer_id=asha.pk))
    shop.record(shop.draft("2", 400, customer_id=asha.pk))
    spend_points(asha, 6)
    taken = [
        shop.record(shop.returned("1", 100, customer_id=asha.pk, billed_at=NOON + DAY + timedelta(hours=hour))).award.deducted
        for hour in range(2)
    ]
    assert taken == [5, 5]
    counted = BillPoints.objects.order_by("pk").first()
    assert counted is not None
    assert (counted.claimed, counted.claimed_spent) == (10, 6)


@pytest.mark.parametrize(
    ("expiry", "moved"),
    [
        ({"kind": "last_activity", "value": 1}, date(2026, 4, 22)),
        ({"kind": "rolling", "value": 1}, date(2026, 4, 22)),
    ],
)
def test_moving_expiries_move_with_bills(shop: Shop, asha: Customer, expiry: dict[str, Any], moved: date) -> None:
    load(club(earning=[rule(expiry=expiry)]))
    shop.record(shop.draft("1", 100, customer_id=asha.pk))
    at = NOON + 20 * DAY
    shop.record(shop.draft("2", 100, customer_id=asha.pk, billed_at=at), now=at)
    with transaction.atomic():
        state = state_of(account_of(asha))
        assert {state.last_day(lot) for lot in state.lots} == {moved}
    account = account_of(asha)
    assert account.due_at == datetime(2026, 4, 22, 18, 30, tzinfo=UTC)
    assert settled(asha) == (0, 0)


def test_a_bill_for_too_little_moves_the_last_activity_but_not_what_rolls(shop: Shop, asha: Customer) -> None:
    load(club(earning=[rule(when={"min_amount": 50}, expiry={"kind": "rolling", "value": 1})]))
    shop.record(shop.draft("1", 100, customer_id=asha.pk))
    at = NOON + 20 * DAY
    shop.record(shop.draft("2", 10, customer_id=asha.pk, billed_at=at), now=at)
    account = account_of(asha)
    assert (account.last_active_on, account.last_earned_on) == (date(2026, 3, 22), date(2026, 3, 2))


def test_points_that_expire_with_the_tier(shop: Shop, asha: Customer) -> None:
    Membership.objects.update(tier=Tier.objects.get(name="Silver"), tier_since=NOON, tier_expires_on=date(2026, 6, 30))
    load(club(earning=[rule(expiry={"kind": "membership"})]))
    shop.record(shop.draft("1", 100, customer_id=asha.pk))
    assert account_of(asha).due_at == datetime(2026, 6, 30, 18, 30, tzinfo=UTC)


def test_points_of_a_late_bill_may_expire_at_once(shop: Shop, asha: Customer) -> None:
    load(club(earning=[rule(expiry={"kind": "days", "value": 1})]))
    shop.record(shop.draft("1", 100, customer_id=asha.pk), now=NOON + 9 * DAY)
    account = account_of(asha)
    assert (account.lifetime, account.expired, account.balance) == (5, 5, 0)


def test_history_is_awarded_as_of_its_time(shop: Shop, asha: Customer) -> None:
    load(club(earning=[rule(expiry={"kind": "days", "value": 1})]))
    drafts = [
        shop.draft("1", 100, customer_id=asha.pk),
        shop.returned("1", 40, customer_id=asha.pk),
        shop.draft("2", 100, customer_id=asha.pk, billed_at=NOON + 5 * DAY),
    ]
    shop.record_all(drafts, now=NOON + 30 * DAY, is_history=True)
    account = account_of(asha)
    assert (account.balance, account.returned, account.expired) == (5, 2, 3)
    assert settled(asha) == (0, 0)


def test_a_database_error_is_a_warning_for_one_bill_an_error_for_several(
    northwind: Organization, shop: Shop, asha: Customer
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE engagement_pointslot ADD CONSTRAINT no_lots CHECK (points < 0) NOT VALID")
    try:
        purchase = shop.record(shop.draft("1", 100, customer_id=asha.pk))
        assert (codes(purchase), effects_of(purchase)) == ([1010], [])
        assert (account_of(asha).visits, asha.purchase_totals.amount) == (0, 100)
        with pytest.raises(Exception, match="no_lots"):
            shop.record_all([shop.draft(str(number), 100, customer_id=member(northwind).pk) for number in (2, 3)])
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE engagement_pointslot DROP CONSTRAINT no_lots")


def test_nothing_counts_of_no_bills(northwind: Organization, shop: Shop) -> None:
    by = till_actor(shop.till)
    with transaction.atomic():
        assert award_bills([], customers={}, catalog=load_catalog(), organization=northwind, by=by, now=NOON) == {}
        assert record_purchases([], catalog=load_catalog(), campaigns=load_campaigns(), by=by, now=NOON) == []
