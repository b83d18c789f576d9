"""Which day is it, between local midnight and midnight in UTC? The organization's zone decides (docs/architecture.md)."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import call_command

from customers.profile.models import Customer
from engagement.adjustments.posting import default_last_day
from engagement.adjustments.rules import AdjustmentRefusedError
from engagement.adjustments.taking_back import take_back_adjustment
from engagement.bills.lines import _no_sale
from engagement.bills.models import Bill
from engagement.bills.sections import transactions
from engagement.earning.simulation import simulate_bill
from engagement.points.ledger.posting import end_of
from engagement.points.ledger.repository import read_accounts
from engagement.points.ledger.settlement import settle
from engagement.points.merging import _find_days
from engagement.points.models import PointsAccount, PointsLot
from engagement.points.payloads import last_day_of, promotion_row, tier_expiry
from engagement.programs.catalog import load_catalog
from engagement.programs.models import Membership, Tier
from engagement.redemptions.bill_links import link_earlier_redemptions
from engagement.redemptions.rules import read_redemption_time, start_of_day
from engagement.trackers.sections import trackers as trackers_section
from loyalty_project.protocol.moments import read_span, write_moment
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.back_office import register
from tests.factories.adjustments import adjust, staff_of
from tests.factories.bills import BillFactory, open_shop
from tests.factories.bills import member as customer_of
from tests.factories.chains import member, open_chain, order, redeem, refusal_of
from tests.factories.points import PointsAccountFactory
from tests.factories.program_files import club, loaded
from tests.imports import run_import, write_lines
from tests.midnights import DAY, EAST, TIMES, WEST, moment
from tests.reads import read_parts

ZONES = (EAST, WEST)
FIVE_DAYS: dict[str, object] = {"kind": "days", "value": 5}
YESTERDAY, TOMORROW = DAY - timedelta(days=1), DAY + timedelta(days=1)

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("zone_name", ZONES)]


@pytest.fixture
def zone(zone_name: str) -> ZoneInfo:
    return ZoneInfo(zone_name)


def northwind(zone: ZoneInfo, expiry: dict[str, object], *, delay_days: int = 0, **rules: Any) -> Organization:
    rule = {"name": "base", "award": {"per": 100, "points": 5}, "expiry": expiry, "delay_days": delay_days}
    organization = loaded(club(**{"enrolment": None, "earning": [rule], **rules}))
    organization.timezone, organization.base_country = zone.key, "IN"
    organization.save()
    return organization


@pytest.fixture(params=TIMES, ids=str)
def at(request: pytest.FixtureRequest, zone: ZoneInfo) -> datetime:
    """A moment shortly after or before local midnight."""
    return moment(zone, request.param)


def sell(organization: Organization, at: datetime, *, registered_on: datetime) -> None:
    """A sale at that moment to a customer who registered at the other, recorded an hour later."""
    shop = open_shop(organization)
    customer = customer_of(organization, registered_on=registered_on)
    shop.record(shop.draft("1", 100, customer_id=customer.pk, billed_at=at), now=at + timedelta(hours=1))


def test_points_expire_on_the_anniversary_of_the_local_day(zone: ZoneInfo, at: datetime) -> None:
    organization = northwind(zone, {"kind": "anniversary", "value": 1})
    with organization_scope(organization):
        sell(organization, at + timedelta(days=5), registered_on=at)
        assert PointsLot.objects.get().expires_on == date(2027, 3, 10)


def test_bills_and_their_points_belong_to_the_local_day(zone: ZoneInfo, at: datetime) -> None:
    organization = northwind(zone, {"kind": "days", "value": 5})
    with organization_scope(organization):
        sell(organization, at, registered_on=at - timedelta(days=9))
        assert Bill.objects.get().billed_on == DAY
        account, lot = PointsAccount.objects.get(), PointsLot.objects.get()
        assert (account.last_active_on, lot.expires_on) == (DAY, date(2026, 3, 15))
        assert account.due_at == moment(zone, time(), date(2026, 3, 16))


def test_a_day_begins_and_ends_at_local_midnight(zone: ZoneInfo, at: datetime) -> None:
    assert (start_of_day(at, zone), end_of(DAY, zone)) == (moment(zone, time()), moment(zone, time(), date(2026, 3, 11)))
    assert read_span("2026-03-10", zone) == (start_of_day(at, zone), end_of(DAY, zone))


def test_a_redemption_is_the_same_on_the_same_local_day_only(zone: ZoneInfo) -> None:
    chain = open_chain()
    chain.organization.timezone = zone.key
    chain.organization.save()
    with organization_scope(chain.organization):
        asha = member(chain)
        codes = []
        for day, clock in ((DAY, TIMES[0]), (DAY, TIMES[1]), (DAY + timedelta(days=1), TIMES[0])):
            with time_machine.travel(moment(zone, clock, day), tick=False):
                codes.append(redeem(order(asha, "10", transaction_number="T-1"), chain.blr).redemption.code)
    assert (codes[0] == codes[1], codes[1] == codes[2]) == (True, False)


def test_a_redemption_of_the_next_local_day_is_another(zone: ZoneInfo, at: datetime) -> None:
    chain = open_chain()
    chain.organization.timezone = zone.key
    chain.organization.save()
    with organization_scope(chain.organization), time_machine.travel(at, tick=False):
        asha = member(chain)
        dated = order(asha, "10", transaction_number="T-1", redeemed_at=f"{TOMORROW} 00:30:00")
        undated = order(asha, "10", transaction_number="T-1")
        codes = [redeem(wish, chain.blr).redemption.code for wish in (dated, undated, undated)]
    assert (codes[0] == codes[1], codes[1] == codes[2]) == (False, True)


def test_the_points_of_a_day_are_those_of_the_local_day(zone: ZoneInfo) -> None:
    chain = open_chain(redemption={"max_points_per_day": 60})
    chain.organization.timezone = zone.key
    chain.organization.save()
    with organization_scope(chain.organization):
        asha, refusals = member(chain, 200), []
        for day, clock, points in ((DAY, TIMES[0], "40"), (DAY, TIMES[1], "30"), (DAY + timedelta(days=1), TIMES[0], "30")):
            with time_machine.travel(moment(zone, clock, day), tick=False):
                refusals.append(refusal_of(order(asha, points), chain.blr))
        assert refusals == [0, 819, 0]
        asha.refresh_from_db()
        assert asha.balance == Decimal(130)


def test_imported_redemptions_count_for_the_limit_of_their_local_day(zone: ZoneInfo, at: datetime, tmp_path: Path) -> None:
    chain = open_chain(redemption={"max_points_per_day": 60})
    chain.organization.timezone = zone.key
    chain.organization.save()
    times = [(YESTERDAY, TIMES[1], 30), (DAY, TIMES[0], 20), (DAY, TIMES[1], 20), (TOMORROW, TIMES[0], 30)]
    with organization_scope(chain.organization), time_machine.travel(at, tick=False):
        asha = member(chain, 200)
        rows = [
            f"{asha.customer_id},REDEEM,{points},{day} {clock},X-{number}" for number, (day, clock, points) in enumerate(times)
        ]
        path = write_lines(tmp_path / "points.csv", "id,kind,points,occurred_at,reference", *rows)
        assert run_import("import_points", path).counts == (4, 0, 0, 0)
        assert [refusal_of(order(asha, points), chain.blr) for points in ("21", "20")] == [819, 0]


def test_a_redemption_is_of_the_bill_of_its_local_day(zone: ZoneInfo, at: datetime) -> None:
    chain = open_chain()
    chain.organization.timezone = zone.key
    chain.organization.save()
    with organization_scope(chain.organization), time_machine.travel(at, tick=False):
        asha = member(chain)
        bills = [
            BillFactory(customer=asha.customer, number="T-1", store=chain.blr.store, billed_at=moment(zone, time(12), day))
            for day in (YESTERDAY, DAY, TOMORROW)
        ]
        assert redeem(order(asha, "10", transaction_number="T-1"), chain.blr).redemption.bill == bills[1]


def test_points_are_printed_with_the_local_day(zone: ZoneInfo, at: datetime) -> None:
    organization = northwind(zone, {"kind": "days", "value": 5})
    with organization_scope(organization):
        sell(organization, at, registered_on=at)
        (state,) = read_accounts([PointsAccount.objects.get().customer_id], zone=zone).values()
        lot = PointsLot.objects.select_related("entry__till").get()
        row = promotion_row(lot, state, till=None)
        assert (row["issued_on"], row["expiry_date"]) == ("2026-03-10", "2026-03-15")


# --- bills


def test_the_earliest_billing_day_begins_at_local_midnight(zone: ZoneInfo) -> None:
    organization = northwind(zone, FIVE_DAYS)
    with organization_scope(organization):
        shop, asha = open_shop(organization), customer_of(organization)
        shop.flag(CONF_MIN_BILLING_DATE=DAY.isoformat())
        first, before = moment(zone, TIMES[0]), moment(zone, TIMES[1], YESTERDAY)
        assert shop.record(shop.draft("1", 100, customer_id=asha.pk, billed_at=first), now=first).recorded.bill.billed_on == DAY
        assert shop.refusal(shop.draft("2", 100, customer_id=asha.pk, billed_at=before), now=first) == 644


def test_bills_are_found_by_their_local_day(zone: ZoneInfo, at: datetime) -> None:
    organization = northwind(zone, FIVE_DAYS)
    with organization_scope(organization):
        sell(organization, at, registered_on=at)
        asha = Customer.objects.get()
        found = [
            read_parts([transactions], asha, query={"date": f"{day} 12:00:00"})[asha.pk]["transactions"]["transaction"]
            for day in (YESTERDAY, DAY, TOMORROW)
        ]
        assert [len(bills) for bills in found] == [0, 1, 0]


def test_a_line_without_its_sale_is_refused_with_the_local_day(zone: ZoneInfo, at: datetime) -> None:
    organization = northwind(zone, FIVE_DAYS)
    with organization_scope(organization):
        draft = open_shop(organization).draft("1", 100, billed_at=at)
        assert "is not a bill of 2026-03-10 at" in _no_sale(draft, None, organization)


def test_a_bill_takes_the_redemptions_of_its_local_day(zone: ZoneInfo, at: datetime) -> None:
    chain = open_chain()
    chain.organization.timezone = zone.key
    chain.organization.save()
    with organization_scope(chain.organization):
        asha = member(chain)
        with time_machine.travel(at, tick=False):
            waiting = redeem(order(asha, "10", transaction_number="T-1"), chain.blr).redemption
        bills = [
            BillFactory(customer=asha.customer, number="T-1", store=chain.blr.store, billed_at=moment(zone, time(12), day))
            for day in (YESTERDAY, TOMORROW, DAY)
        ]
        link_earlier_redemptions(bills, zone=zone)
        waiting.refresh_from_db()
        assert waiting.bill == bills[2]


# --- points


def test_promised_points_open_on_the_local_day_after_the_delay(zone: ZoneInfo, at: datetime) -> None:
    organization = northwind(zone, FIVE_DAYS, delay_days=1)
    with organization_scope(organization):
        sell(organization, at, registered_on=at)
        lot = PointsLot.objects.get()
        assert (lot.opens_at, lot.expires_on) == (moment(zone, time(), date(2026, 3, 12)), date(2026, 3, 17))
        assert lot.entry.explanation["credited_on"] == "2026-03-12"
        (state,) = read_accounts([lot.account.customer_id], zone=zone).values()
        settle(state, lot.opens_at, recorded_at=lot.opens_at)
        assert state.entries[0].explanation["promised_on"] == "2026-03-10"


def test_a_simulated_bill_has_the_local_day(zone: ZoneInfo, at: datetime) -> None:
    organization = northwind(zone, FIVE_DAYS)
    with organization_scope(organization):
        (simulated,) = simulate_bill(
            customer_of(organization),
            amount=Decimal(100),
            at=at,
            store=None,
            catalog=load_catalog(),
            organization=organization,
        )
        assert "2026-03-15" in " ".join(simulated.in_words())


def test_rolling_points_are_renewed_from_the_local_day(zone: ZoneInfo, at: datetime) -> None:
    organization = northwind(zone, {"kind": "rolling", "value": 6})
    with organization_scope(organization):
        sell(organization, at, registered_on=at)
        account = PointsAccount.objects.get()
        (state,) = read_accounts([account.customer_id], zone=zone).values()
        assert state.last_day(PointsLot.objects.get()) == date(2026, 9, 10)
        state.account.last_earned_on = None
        assert state.last_day(PointsLot.objects.get()) == date(2026, 9, 10)
        _find_days(state)
        assert state.account.last_earned_on == DAY


def test_expired_points_are_printed_with_their_last_local_day(zone: ZoneInfo, at: datetime) -> None:
    assert last_day_of(None, at, zone) == "2026-03-10"


def test_the_history_shows_points_at_the_end_of_the_local_day(zone: ZoneInfo, at: datetime) -> None:
    organization = northwind(zone, FIVE_DAYS)
    with organization_scope(organization):
        sell(organization, at, registered_on=at)
        customer = PointsAccount.objects.get().customer_id
        shown = []
        for day in (YESTERDAY, DAY):
            output = StringIO()
            call_command(
                "show_points",
                "--organization",
                organization.code,
                "--customer",
                str(customer),
                "--as-of",
                str(day),
                stdout=output,
            )
            shown.append("balance 5" in output.getvalue())
        assert shown == [False, True]


# --- joining and tiers


def test_welcome_points_and_the_tier_count_from_the_local_day(zone: ZoneInfo, at: datetime) -> None:
    enrolment = {"points": 50, "expiry": {"kind": "days", "value": 5}}
    tiers = [{"name": "Bronze", "validity_months": 1}]
    organization = northwind(zone, FIVE_DAYS, enrolment=enrolment, tiers=tiers)
    with organization_scope(organization):
        till = open_shop(organization).till
        register(till, mobile="9812345678", registered_on=write_moment(at, zone))
        membership = Membership.objects.get()
        assert (membership.tier_expires_on, PointsLot.objects.get().expires_on) == (date(2026, 4, 10), date(2026, 3, 15))
        assert tier_expiry(membership, registered_on=at, zone=zone) == "2026-04-10 23:59:59"
        membership.tier_expires_on = None
        assert tier_expiry(membership, registered_on=at, zone=zone) == "2126-03-10 23:59:59"


def test_the_anniversary_of_welcome_points_is_that_of_the_local_day(zone: ZoneInfo, at: datetime) -> None:
    enrolment = {"points": 50, "expiry": {"kind": "anniversary", "value": 1}}
    organization = northwind(zone, FIVE_DAYS, enrolment=enrolment)
    with organization_scope(organization):
        register(open_shop(organization).till, mobile="9812345678", registered_on=write_moment(at, zone))
        assert PointsLot.objects.get().expires_on == date(2027, 3, 10)


def test_points_of_a_membership_are_good_until_the_local_midnight_after_it(zone: ZoneInfo, at: datetime) -> None:
    tiers = [{"name": "Bronze", "validity_months": 1}]
    enrolment = {"points": 50, "expiry": {"kind": "membership"}}
    organization = northwind(zone, FIVE_DAYS, enrolment=enrolment, tiers=tiers)
    with organization_scope(organization):
        register(open_shop(organization).till, mobile="9812345678", registered_on=write_moment(at, zone))
        assert PointsAccount.objects.get().due_at == moment(zone, time(), date(2026, 4, 11))


# --- adjustments


def test_adjusted_points_count_from_the_local_day(zone: ZoneInfo, at: datetime) -> None:
    organization = northwind(zone, FIVE_DAYS)
    with organization_scope(organization), time_machine.travel(at, tick=False):
        account = PointsAccountFactory(organization=organization)
        given = adjust(account, 10)
        assert default_last_day(account.customer, account.program_id, organization=organization) == date(2026, 3, 15)
        assert PointsLot.objects.get(entry=given.entry).expires_on == date(2026, 3, 15)
        assert PointsLot.objects.get(entry=adjust(account, 10, expiry="DAY", expires_on=DAY).entry).expires_on == DAY
        with pytest.raises(AdjustmentRefusedError, match="past"):
            adjust(account, 10, expiry="DAY", expires_on=YESTERDAY)
        assert given.entry is not None
        by = staff_of(organization, "dev")
        taken = take_back_adjustment(given.entry.pk, reason="A mistake", limit=None, by=by)
        assert taken.entry.explanation["adjusted_on"] == "2026-03-10"


def test_the_anniversary_of_adjusted_points_is_that_of_the_local_day(zone: ZoneInfo, at: datetime) -> None:
    organization = northwind(zone, {"kind": "anniversary", "value": 1})
    with organization_scope(organization):
        customer = customer_of(organization, registered_on=at)
        program = PointsAccount.objects.get().program_id
        assert default_last_day(customer, program, organization=organization).timetuple()[1:3] == (3, 10)


# --- points that are imported


@pytest.mark.parametrize(
    ("expiry", "last_day"), [({"kind": "anniversary", "value": 1}, date(2027, 3, 10)), (FIVE_DAYS, date(2026, 3, 15))]
)
def test_imported_points_count_from_the_local_day(
    zone: ZoneInfo, at: datetime, tmp_path: Path, expiry: dict[str, object], last_day: date
) -> None:
    organization = northwind(zone, expiry)
    with organization_scope(organization):
        asha = customer_of(organization, registered_on=at)
        header = "id,kind,points,occurred_at,expires_on,reference"
        wall = write_moment(at, zone)
        rows = [f"{asha.pk},AWARD,10,{wall},,X-1", f"{asha.pk},AWARD,10,{wall},{wall},X-2"]
        assert run_import("import_points", write_lines(tmp_path / "points.csv", header, *rows)).counts == (2, 0, 0, 0)
        assert list(PointsLot.objects.order_by("pk").values_list("expires_on", flat=True)) == [last_day, DAY]


def test_imported_points_renew_rolling_ones_from_the_local_day(zone: ZoneInfo, at: datetime, tmp_path: Path) -> None:
    organization = northwind(zone, {"kind": "rolling", "value": 6})
    with organization_scope(organization):
        asha = customer_of(organization)
        header = "id,kind,points,occurred_at,reference"
        row = f"{asha.pk},AWARD,10,{write_moment(at, zone)},X-1"
        run_import("import_points", write_lines(tmp_path / "points.csv", header, row))
        assert PointsAccount.objects.get().last_earned_on == DAY


# --- redemptions


def test_of_a_redemption_time_with_an_offset_the_written_day_is_kept(zone: ZoneInfo, at: datetime) -> None:
    text = write_moment(at, zone).replace(" ", "T") + "+03:00"
    assert read_redemption_time(text, zone=zone, now=at) == moment(zone, time())


# --- trackers


def tracked(customer: Customer, *, at: datetime) -> list[str]:
    """The values of the customer's trackers."""
    parts = read_parts([trackers_section], customer, query={"tracker_info": "1"}, now=at)
    return [row["value"] for row in parts[customer.pk]["trackers"]["tracker"]]


@pytest.mark.parametrize("measure", ["BILL_AMOUNT", "POINTS"])
def test_a_trackers_window_has_whole_local_days(zone: ZoneInfo, measure: str) -> None:
    modes: list[dict[str, Any]] = [
        {"mode": "MOVING_WINDOW", "days": 1},
        {"mode": "CYCLIC_WINDOW", "every_days": 7, "from": DAY},
        {"mode": "TIER_CHANGE_WINDOW"},
    ]
    trackers = [{"name": mode["mode"], "type": measure, **mode} for mode in modes]
    organization = northwind(zone, FIVE_DAYS, trackers=trackers, tiers=[])
    with organization_scope(organization):
        shop, asha = open_shop(organization), customer_of(organization)
        Membership.objects.update(enrolled_on=moment(zone, TIMES[1]), tier=None, tier_since=None)
        amounts = [(YESTERDAY, TIMES[1], 100), (DAY, TIMES[0], 200), (DAY, TIMES[1], 400), (TOMORROW, TIMES[0], 800)]
        for number, (day, clock, amount) in enumerate(amounts):
            billed_at = moment(zone, clock, day)
            shop.record(shop.draft(str(number), amount, customer_id=asha.pk, billed_at=billed_at), now=billed_at)
        of_day, since = ("600", "400") if measure == "BILL_AMOUNT" else ("30", "20")
        for clock in TIMES:
            # Since the tier changed counts from that moment, as in evaluations.
            assert tracked(asha, at=moment(zone, clock)) == [of_day, of_day, since]


@pytest.mark.parametrize("since", ["enrolled_on", "tier_since"])
def test_a_trackers_window_since_a_moment_begins_with_it(zone: ZoneInfo, at: datetime, since: str) -> None:
    trackers = [{"name": "since", "type": "CUSTOMER_VISITS", "mode": "TIER_CHANGE_WINDOW"}]
    organization = northwind(zone, FIVE_DAYS, trackers=trackers)
    with organization_scope(organization):
        shop, asha = open_shop(organization), customer_of(organization)
        long_ago = moment(zone, time(12), date(2020, 1, 1))
        Membership.objects.update(enrolled_on=long_ago, tier=Tier.objects.first(), tier_since=at)
        if since == "enrolled_on":
            Membership.objects.update(enrolled_on=at, tier=None, tier_since=None)
        for number, day in enumerate((YESTERDAY, DAY, TOMORROW)):
            billed_at = moment(zone, time(12), day)
            shop.record(shop.draft(str(number), 100, customer_id=asha.pk, billed_at=billed_at), now=billed_at)
        visits = sum(moment(zone, time(12), day) >= at for day in (YESTERDAY, DAY, TOMORROW))
        assert visits in {1, 2}
        assert tracked(asha, at=moment(zone, time(12), TOMORROW)) == [str(visits)]
