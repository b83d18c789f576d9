"""What do bills, returns, points and time do to a member's tier?"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import Error, connection, transaction
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.bills.draft import LineDraft
from engagement.bills.models import Bill
from engagement.coupons.catalog import load_series
from engagement.coupons.issuing import issue_coupons
from engagement.coupons.models import Coupon
from engagement.points.balances import read_balances
from engagement.points.checks.run import check_ledger
from engagement.points.explanations import explain
from engagement.points.models import PointsEntry
from engagement.points.settlement import settle_due
from engagement.programs.models import Program, Tier
from engagement.programs.pausing import set_paused
from engagement.tiers.models import TierChange
from engagement.tiers.rules import BEFORE_ALL
from loyalty_project.db.trusted_time import forget_database_time
from organizations.configuration import current_configuration
from organizations.tenancy.models import Organization
from tests.factories.bills import DAY, NOON, Shop, account_of, member, membership_of
from tests.factories.locations import till_actor
from tests.factories.organization_files import check
from tests.factories.program_files import club, document, load
from tests.factories.statuses import CustomerStatusFactory, label
from use_cases.organization_file import load_organization

pytestmark = pytest.mark.django_db
SILVER: dict[str, Any] = {
    "name": "Silver",
    "upgrade": {"based_on": "CUMULATIVE_PURCHASES", "threshold": 1000},
    "validity_months": 12,
    "renew": {"conditions": [{"based_on": "PURCHASE", "threshold": 500}]},
    "downgrade_to": "previous",
}
GOLD: dict[str, Any] = {**SILVER, "name": "Gold", "upgrade": {"based_on": "CUMULATIVE_PURCHASES", "threshold": 5000}}
YEAR = timedelta(days=366)


def tiers(*above: dict[str, Any], **more: Any) -> None:
    """Let the club have these tiers above Bronze."""
    load(club(tiers=[{"name": "Bronze"}, *above], **more))


@pytest.fixture(autouse=True)
def _ladder(northwind: Organization) -> None:
    tiers(SILVER, GOLD)


def buy(shop: Shop, customer: Customer, amount: int, day: int = 0, **more: Any) -> Any:
    now = more.pop("now", max(NOON + (day + 1) * DAY, NOON + 2 * DAY))
    number = f"{day}.{amount}.{len(more)}"
    return shop.record(shop.draft(number, amount, customer_id=customer.pk, billed_at=NOON + day * DAY, **more), now=now)


def moves(customer: Customer) -> list[tuple[str, str, str]]:
    """The changes of the customer's tier, the oldest first."""
    rows = TierChange.objects.filter(membership__customer=customer).order_by("pk")
    return [(row.kind, row.from_tier.name, row.to_tier.name) for row in rows.select_related("from_tier", "to_tier")]


def tier_of(customer: Customer) -> str:
    """The tier that is held; a member made by a factory has none yet, which is the lowest."""
    tier = membership_of(customer).tier
    return tier.name if tier else "Bronze"


def settle(organization: Organization, at: datetime) -> int:
    forget_database_time()
    with time_machine.travel(at):
        return sum(settle_due(organization))


def test_a_bill_lifts_at_the_threshold(shop: Shop, asha: Customer) -> None:
    purchase = buy(shop, asha, 1000)
    row = TierChange.objects.select_related("store", "program_version").get()
    assert moves(asha) == [("UPGRADE", "Bronze", "Silver")]
    assert (row.changed_at, row.to_expires_on, row.from_expires_on) == (NOON, date(2027, 3, 2), None)
    assert (row.bill_id, row.store, row.made_by, row.cause) == (
        purchase.recorded.bill.pk, shop.till.store, "till:blr.till1", "RULES",
    )  # fmt: skip
    assert row.explanation["conditions"][0]["value"] == "1000"
    membership = membership_of(asha)
    assert (tier_of(asha), membership.tier_since, membership.tier_expires_on) == ("Silver", NOON, date(2027, 3, 2))
    assert account_of(asha).due_at == datetime.fromisoformat("2027-03-02T18:30:00+00:00")


def test_less_lifts_nobody(shop: Shop, asha: Customer) -> None:
    buy(shop, asha, 999)
    assert (moves(asha), account_of(asha).due_at) == ([], None)


def test_one_bill_passes_several_tiers(shop: Shop, asha: Customer) -> None:
    buy(shop, asha, 5000)
    assert moves(asha) == [("UPGRADE", "Bronze", "Silver"), ("UPGRADE", "Silver", "Gold")]


def test_a_bill_that_lifts_earns_by_the_tier_before(shop: Shop, asha: Customer) -> None:
    rule = {"name": "silver", "award": {"fixed": 7}, "when": {"tiers": ["Silver"]}}
    tiers(SILVER, earning=[rule])
    first, second = (shop.draft(str(day), 1000, customer_id=asha.pk, billed_at=NOON + day * DAY) for day in (0, 1))
    shop.record_all([second, first])
    assert [entry.bill.number for entry in PointsEntry.objects.select_related("bill") if entry.bill] == ["1"]


def test_a_return_lowers_the_figures_and_never_the_tier(shop: Shop, asha: Customer) -> None:
    buy(shop, asha, 1500)
    shop.record(shop.returned("0.1500.0", 900, customer_id=asha.pk))
    assert tier_of(asha) == "Silver"
    buy(shop, asha, 4399, day=3)
    assert tier_of(asha) == "Silver"
    buy(shop, asha, 1, day=4)
    assert tier_of(asha) == "Gold"


def test_a_late_bill_is_evaluated_in_the_order_of_time(shop: Shop, asha: Customer) -> None:
    buy(shop, asha, 400, day=10)
    buy(shop, asha, 600, day=5, now=NOON + 20 * DAY)
    assert TierChange.objects.get().changed_at == NOON + 10 * DAY


def test_a_tier_ends_without_a_renewal(northwind: Organization, shop: Shop, asha: Customer) -> None:
    buy(shop, asha, 1000)
    assert settle(northwind, NOON + YEAR) == 1
    row = TierChange.objects.first()
    assert row is not None
    assert moves(asha)[1:] == [("DOWNGRADE", "Silver", "Bronze")]
    assert (row.changed_at.isoformat(), row.from_expires_on, row.made_by) == (
        "2027-03-02T18:30:00+00:00", date(2027, 3, 2), "system:tiers",
    )  # fmt: skip
    assert settle(northwind, NOON + 2 * YEAR) == 0


def test_a_read_shows_what_is_due(northwind: Organization, shop: Shop, asha: Customer) -> None:
    buy(shop, asha, 1000)
    program_id = membership_of(asha).program_id
    with time_machine.travel(NOON + YEAR):
        balances = read_balances([asha.pk], organization=northwind).of_customer(asha.pk)
    assert balances[program_id].current_slab == "Bronze"


def test_what_was_bought_meanwhile_renews(northwind: Organization, shop: Shop, asha: Customer) -> None:
    buy(shop, asha, 1000)
    buy(shop, asha, 500, day=100)
    settle(northwind, NOON + YEAR)
    assert moves(asha)[1:] == [("RENEW", "Silver", "Silver")]
    assert membership_of(asha).tier_expires_on == date(2028, 3, 2)
    # What renewed once does not renew again.
    settle(northwind, NOON + 2 * YEAR)
    assert moves(asha)[2:] == [("DOWNGRADE", "Silver", "Bronze")]


def test_bills_that_keep_no_points_alive_renew_a_tier(northwind: Organization, shop: Shop, asha: Customer) -> None:
    tiers(SILVER, GOLD, keeps_points_alive=["redemption"])
    buy(shop, asha, 1000)
    buy(shop, asha, 500, day=30)
    settle(northwind, NOON + YEAR + 2 * DAY)
    assert moves(asha) == [("UPGRADE", "Bronze", "Silver"), ("RENEW", "Silver", "Silver")]


def test_bills_from_before_they_kept_points_alive_renew_a_tier(northwind: Organization, shop: Shop, asha: Customer) -> None:
    tiers(SILVER, GOLD, keeps_points_alive=["redemption"])
    buy(shop, asha, 1000)
    buy(shop, asha, 500, day=30)
    tiers(SILVER, GOLD, keeps_points_alive=["bill"])
    settle(northwind, NOON + YEAR + 2 * DAY)
    assert moves(asha) == [("UPGRADE", "Bronze", "Silver"), ("RENEW", "Silver", "Silver")]


def test_a_tracker_in_grace_renews_once(northwind: Organization, shop: Shop, asha: Customer) -> None:
    renew = {"conditions": [{"based_on": "TRACKER", "tracker": "Month", "threshold": 100}]}
    trackers = [{"name": "Month", "type": "BILL_AMOUNT", "mode": "MOVING_WINDOW", "days": 30}]
    tiers({**SILVER, "validity_months": 2, "grace_days": 30, "renew": renew}, trackers=trackers)
    buy(shop, asha, 1000)
    for day in (65, 66):
        assert settle(northwind, NOON + day * DAY) == (day == 65)
    buy(shop, asha, 99, day=70)
    assert [move[0] for move in moves(asha)] == ["UPGRADE"]
    buy(shop, asha, 1, day=71)
    assert [move[0] for move in moves(asha)] == ["UPGRADE", "RENEW"]
    # Since June 2, 100 in the month before July 2.
    buy(shop, asha, 100, day=100)
    settle(northwind, NOON + 130 * DAY)
    assert [row.changed_at for row in TierChange.objects.order_by("pk")][1:] == [
        NOON + 71 * DAY, datetime.fromisoformat("2026-07-02T18:30:00+00:00"),
    ]  # fmt: skip


def test_bills_of_one_moment_count_after_the_one_that_lifts(northwind: Organization, shop: Shop, asha: Customer) -> None:
    tiers({**SILVER, "renew": {"conditions": [{"based_on": "VISITS", "threshold": 2}]}})
    shop.record_all([shop.draft(number, 1000, customer_id=asha.pk) for number in ("lifts", "counts")])
    membership = membership_of(asha)
    assert (membership.tier_since_order, membership.tier_counts_order) == (Bill.objects.get(number="lifts").pk,) * 2
    buy(shop, asha, 1, day=5)
    settle(northwind, NOON + YEAR)
    assert [move[0] for move in moves(asha)] == ["UPGRADE", "RENEW"]
    assert membership_of(asha).tier_counts_order == BEFORE_ALL


def test_validities_that_end_in_one_moment_are_rows_of_their_own(northwind: Organization, shop: Shop, asha: Customer) -> None:
    # Grace outlasts two validities of the lower tier, which nothing is asked to keep.
    tiers({**SILVER, "validity_months": 1, "downgrade_to": "none"}, {**GOLD, "grace_days": 70})
    buy(shop, asha, 5000)
    settle(northwind, NOON + (365 + 71) * DAY)
    assert moves(asha)[2:] == [
        ("DOWNGRADE", "Gold", "Silver"), ("RENEW", "Silver", "Silver"), ("RENEW", "Silver", "Silver"),
    ]  # fmt: skip
    assert membership_of(asha).tier_expires_on == date(2027, 6, 2)


def test_a_file_is_evaluated_across_its_batches(shop: Shop, asha: Customer) -> None:
    # The second batch ends the tier that the first one began: what the first had counts.
    tiers({**SILVER, "validity_months": 3, "renew": {"conditions": [{"based_on": "VISITS", "threshold": 2}]}})
    drafts = [
        shop.draft(str(day), amount, customer_id=asha.pk, billed_at=NOON + (day - 1500) * DAY)
        for day, amount in ((0, 1000), (10, 1), (20, 1), (300, 1))
    ]
    shop.record_all(drafts[:2], is_history=True)
    shop.record_all(drafts[2:], is_history=True)
    assert [move[0] for move in moves(asha)][:2] == ["UPGRADE", "RENEW"]


def test_imported_bills_go_through_the_years_in_order(shop: Shop, asha: Customer) -> None:
    drafts = [
        shop.draft(str(day), amount, customer_id=asha.pk, billed_at=NOON + (day - 1500) * DAY)
        for day, amount in ((0, 900), (10, 200), (200, 600), (1000, 5), (1400, 10))
    ]
    shop.record_all(drafts[::-1], is_history=True)
    assert (
        moves(asha)
        == [
            ("UPGRADE", "Bronze", "Silver"),
            ("RENEW", "Silver", "Silver"),
            ("DOWNGRADE", "Silver", "Bronze"),
            ("UPGRADE", "Bronze", "Silver"),
            ("DOWNGRADE", "Silver", "Bronze"),
            ("UPGRADE", "Bronze", "Silver"),
        ][: len(moves(asha))]
    )
    assert tier_of(asha) == "Silver"


def test_points_that_expire_with_the_tier_last_on_if_it_is_renewed(northwind: Organization, shop: Shop, asha: Customer) -> None:
    rule = {"name": "base", "award": {"per": 100, "points": 1}, "expiry": {"kind": "membership"}}
    tiers(SILVER, earning=[rule])
    buy(shop, asha, 1000)
    buy(shop, asha, 500, day=100)
    settle(northwind, NOON + YEAR)
    assert account_of(asha).balance == 15
    settle(northwind, NOON + 2 * YEAR)
    assert (account_of(asha).balance, tier_of(asha)) == (0, "Bronze")
    entry = PointsEntry.objects.get(kind="EXPIRE")
    assert (entry.explanation["last_day"], entry.points) == ("2028-03-02", -15)
    assert not list(check_ledger(northwind))


def test_lifetime_points_lift_when_they_are_awarded(shop: Shop, asha: Customer) -> None:
    tiers({**SILVER, "upgrade": {"based_on": "LIFETIME_POINTS", "threshold": 50}})
    buy(shop, asha, 980)
    assert tier_of(asha) == "Bronze"
    buy(shop, asha, 20, day=1)
    assert tier_of(asha) == "Silver"


def test_promised_points_lift_when_they_are_released(northwind: Organization, shop: Shop, asha: Customer) -> None:
    lifetime = {**SILVER, "upgrade": {"based_on": "CURRENT_POINTS", "threshold": 50}}
    tiers(lifetime, earning=[{"name": "base", "award": {"percent": 5}, "delay_days": 5}])
    buy(shop, asha, 1000)
    assert tier_of(asha) == "Bronze"
    settle(northwind, NOON + 9 * DAY)
    assert tier_of(asha) == "Silver"
    assert TierChange.objects.get().changed_at.isoformat() == "2026-03-07T18:30:00+00:00"


@pytest.mark.parametrize("is_blocked", [False, True])
def test_a_label_may_forbid_to_rise(northwind: Organization, shop: Shop, asha: Customer, is_blocked: bool) -> None:  # noqa: FBT001
    blocked = ["tier_upgrade"] if is_blocked else []
    label(asha, CustomerStatusFactory(organization=northwind, blocks=blocked))
    buy(shop, asha, 1000)
    assert tier_of(asha) == ("Bronze" if is_blocked else "Silver")


@pytest.mark.parametrize(("tracker", "threshold"), [("LINEITEM_QTY", 4), ("LINEITEM_COUNT", 2), ("LINEITEM_AMOUNT", 80)])
def test_lines_of_old_and_new_bills_are_tracked(shop: Shop, asha: Customer, tracker: str, threshold: int) -> None:
    upgrade = {"based_on": "TRACKER_VALUE_BASED", "tracker": "T", "threshold": threshold}
    trackers = [{"name": "T", "type": tracker, "mode": "MOVING_WINDOW", "days": 30}]
    tiers({**SILVER, "upgrade": upgrade}, trackers=trackers)
    for day in (1, 2):
        line = LineDraft(item_code="TEA", quantity=Decimal(2), amount=Decimal(40))
        assert tier_of(asha) == "Bronze"
        buy(shop, asha, 40, day=day, lines=[line])
    assert tier_of(asha) == "Silver"


def test_a_member_of_the_time_before_tiers_begins_in_the_lowest(shop: Shop, asha: Customer) -> None:
    assert membership_of(asha).tier is None
    buy(shop, asha, 1000, day=1)
    assert moves(asha) == [("UPGRADE", "Bronze", "Silver")]


def test_a_tier_that_the_file_no_longer_names_ends(northwind: Organization, shop: Shop, asha: Customer) -> None:
    buy(shop, asha, 1000)
    load(club(tiers=[{"name": "Bronze"}]))
    settle(northwind, NOON + YEAR)
    assert moves(asha)[1:] == [("DOWNGRADE", "Silver", "Bronze")]


def test_a_program_that_lost_its_tiers_ends_none(northwind: Organization, shop: Shop, asha: Customer) -> None:
    buy(shop, asha, 1000)
    load(club(tiers=[]))
    settle(northwind, NOON + YEAR)
    assert (len(moves(asha)), membership_of(asha).tier_due_on) == (1, None)
    assert settle(northwind, NOON + YEAR) == 0


GIFT = {**SILVER, "on_entry": {"points": 100, "expiry": {"kind": "days", "value": 10}}}


def test_who_reaches_a_tier_gets_its_points(northwind: Organization, shop: Shop, asha: Customer) -> None:
    tiers(GIFT, {**GOLD, "on_entry": {"points": 7}}, earning=[])
    buy(shop, asha, 5000)
    gifts = PointsEntry.objects.order_by("version").select_related("lot", "program_version")
    assert [(entry.points, entry.occurred_at, entry.lot.expires_on) for entry in gifts] == [
        (100, NOON, date(2026, 3, 12)), (7, NOON, None),
    ]  # fmt: skip
    assert explain(gifts[1]) == "7 points credited, which never expire: for reaching Gold in Club, version 3."
    buy(shop, asha, 500, day=3)
    assert account_of(asha).lifetime == 107
    assert not list(check_ledger(northwind))


def test_points_for_a_tier_may_lift_to_the_next(shop: Shop, asha: Customer) -> None:
    higher = {"name": "Gold", "upgrade": {"based_on": "LIFETIME_POINTS", "threshold": 100}, "on_entry": {"points": 5}}
    tiers(GIFT, higher, earning=[])
    buy(shop, asha, 1000)
    assert [move[2] for move in moves(asha)] == ["Silver", "Gold"]
    assert account_of(asha).lifetime == 105


def test_a_renewal_and_a_downgrade_bring_no_points(northwind: Organization, shop: Shop, asha: Customer) -> None:
    tiers({**GIFT, "downgrade_to": "none"}, GOLD, earning=[])
    buy(shop, asha, 1000)
    settle(northwind, NOON + YEAR)
    assert moves(asha)[1:] == [("RENEW", "Silver", "Silver")]
    assert account_of(asha).lifetime == 100


@pytest.mark.parametrize("reason", ["label", "paused", "expiry", "rounded"])
def test_points_for_a_tier_may_be_forbidden(northwind: Organization, shop: Shop, asha: Customer, reason: str) -> None:
    gift: dict[str, Any] = {"points": 100}
    if reason == "expiry":
        gift["expiry"] = {"kind": "date", "value": date(2026, 3, 1)}
    if reason == "rounded":
        gift["points"] = Decimal("0.01")
    tiers({**GIFT, "on_entry": gift}, earning=[])
    if reason == "label":
        label(asha, CustomerStatusFactory(organization=northwind, blocks=["points_issue"]))
    if reason == "paused":
        set_paused(Program.objects.all(), paused=True, by=till_actor(shop.till))
    buy(shop, asha, 1000)
    assert (tier_of(asha), account_of(asha).lifetime) == ("Silver", 0)


WITH_COUPON = {**SILVER, "on_entry": {"coupon_series": "WELCOME10"}}


def coupon_for_silver(**terms: Any) -> None:
    """Let Silver bring a coupon of a series with these terms."""
    series = {"code": "WELCOME10", "discount_type": "PERC", "discount_value": 10, **terms}
    programs = document(club(tiers=[{"name": "Bronze"}, WITH_COUPON, GOLD], earning=[]))
    load_organization(check({**programs, "coupon_series": [series]}))


def test_who_reaches_a_tier_gets_its_coupon_once(shop: Shop, asha: Customer) -> None:
    coupon_for_silver()
    buy(shop, asha, 1000)
    buy(shop, asha, 100, day=3)
    coupon = Coupon.objects.get()
    assert (coupon.series.code, coupon.customer_id, coupon.issued_at) == ("WELCOME10", asha.pk, NOON)


@pytest.mark.parametrize("reason", ["label", "over", "all issued"])
def test_a_coupon_for_a_tier_may_be_impossible(northwind: Organization, shop: Shop, asha: Customer, reason: str) -> None:
    terms: dict[str, dict[str, Any]] = {"over": {"valid_till": date(2026, 1, 1)}, "all issued": {"max_coupons": 1}}
    coupon_for_silver(**terms.get(reason, {}))
    if reason == "all issued":
        series = current_configuration().part(load_series).by_code["WELCOME10"]
        issue_coupons(series, [member(northwind)], by=till_actor(shop.till), at=NOON)
    if reason == "label":
        label(asha, CustomerStatusFactory(organization=northwind, blocks=["coupon_issue"]))
    buy(shop, asha, 1000)
    assert (tier_of(asha), Coupon.objects.filter(customer=asha).count()) == ("Silver", 0)


@pytest.mark.parametrize("size", [1, 3])
def test_tiers_cost_the_same_for_one_bill_and_for_many(
    northwind: Organization, shop: Shop, size: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people = [member(northwind) for _ in range(size)]
    drafts = [shop.draft(f"{who.pk}", 1000, customer_id=who.pk) for who in people]
    shop.record_all(drafts)
    assert TierChange.objects.count() == size
    with time_machine.travel(NOON + YEAR), django_assert_num_queries(14):
        assert sum(settle_due(northwind)) == size


def test_the_command_evaluates_at_night(northwind: Organization, shop: Shop, asha: Customer, capsys: Any) -> None:
    buy(shop, asha, 1000)
    with time_machine.travel(NOON + YEAR):
        call_command("evaluate_tiers", organization="northwind")
    assert capsys.readouterr().out == "northwind: accounts settled: 1\n"
    assert tier_of(asha) == "Bronze"


@pytest.mark.parametrize("statement", ["UPDATE engagement_tierchange SET note = 'x'", "DELETE FROM engagement_tierchange"])
def test_the_database_refuses_to_alter_the_history(shop: Shop, asha: Customer, statement: str) -> None:
    buy(shop, asha, 1000)
    with pytest.raises(Error, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert str(TierChange.objects.get()).startswith("upgrade of ")
    assert Tier.objects.count() == 3
