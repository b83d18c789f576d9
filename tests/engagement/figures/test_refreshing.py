"""The refresh: which days it counts anew, what it does beside itself, and whose figures it leaves alone."""

import io
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction

from customers.profile.models import Customer
from engagement import tasks
from engagement.bills.models import Bill
from engagement.figures import refreshing
from engagement.figures.models import ActiveCustomers, DayFigures, FiguresRefresh, PointsFigures, TierFigures
from engagement.figures.periods import Period
from engagement.figures.refreshing import Refreshed, refresh_figures
from organizations.audit.services import Change, record_changes
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.engagement.figures.direct import assert_figures_agree, days_stored
from tests.factories.bills import BillFactory, at
from tests.factories.customers import CustomerFactory
from tests.factories.locations import StoreFactory, TillFactory, till_actor
from tests.factories.points import PointsAccountFactory, facts, give_points
from tests.factories.staff import StaffMemberFactory
from tests.midnights import around_midnight, moment
from tests.races import meanwhile, race, wait_until_blocked
from use_cases.merging import merge_customers, undo_merge

NOON = at("2026-03-10 12:00:00")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def settle(organization: Organization, traveller: time_machine.Traveller) -> None:
    """Refresh three times, hours apart: after that only changed days are counted."""
    for _ in range(3):
        refresh_figures(organization)
        traveller.shift(timedelta(hours=2))


def buy(till: Till, customer: Customer | None, when: str = "2026-03-09 18:00:00", **more: object) -> Bill:
    kind = {} if customer else {"type": Bill.Type.NOT_INTERESTED}
    bill: Bill = BillFactory(till=till, customer=customer, billed_at=at(when), **kind, **more)
    return bill


def join(till: Till, when: str = "2026-03-09 18:00:00") -> Customer:
    customer: Customer = CustomerFactory(
        organization=till.organization, registered_store=till.store, registered_till=till, registered_on=at(when)
    )
    return customer


def test_a_first_refresh_counts_every_day(organization: Organization, till: Till, indiranagar: Till) -> None:
    asha, ravi = join(till), join(indiranagar, "2025-01-31 23:59:59")
    buy(till, asha)
    buy(till, asha, amount=Decimal("20.5"))
    buy(indiranagar, None)
    buy(till, asha, amount=Decimal(30), type=Bill.Type.RETURN)
    buy(till, asha, outlier_status=Bill.Outlier.TEST)
    BillFactory(till=None, customer=ravi, billed_at=at("2026-03-08 00:00:00"))
    refreshed = refresh_figures(organization)
    assert refreshed.days == (date(2026, 3, 9) - date(2025, 1, 31)).days + 1
    assert_figures_agree(organization)
    assert days_stored() == {
        (till.store_id, date(2026, 3, 9)): {"joined": 1, "bills": 2, "customer_bills": 2, "sales": Decimal("90.5")},
        (indiranagar.store_id, date(2026, 3, 9)): {"joined": 0, "bills": 1, "customer_bills": 0, "sales": 100},
        (indiranagar.store_id, date(2025, 1, 31)): {"joined": 1, "bills": 0, "customer_bills": 0, "sales": 0},
        (None, date(2026, 3, 8)): {"joined": 0, "bills": 1, "customer_bills": 1, "sales": 100},
    }


def test_a_later_refresh_counts_days_with_new_rows_alone(
    organization: Organization, till: Till, traveller: time_machine.Traveller
) -> None:
    asha = join(till)
    settle(organization, traveller)
    assert refresh_figures(organization) == Refreshed(days=0, changed=0)
    buy(till, asha, "2024-02-29 10:00:00")
    join(till, "2023-07-01 10:00:00")
    with transaction.atomic():
        give_points(PointsAccountFactory(organization=organization, customer=asha), 7, facts=facts(at("2022-05-05 10:00:00")))
    # Besides the three days: the tier with its points.
    assert refresh_figures(organization) == Refreshed(days=3, changed=4)
    assert_figures_agree(organization)


def test_what_was_under_way_during_a_refresh_is_counted_by_the_next(
    organization: Organization, till: Till, traveller: time_machine.Traveller
) -> None:
    asha = join(till)
    settle(organization, traveller)
    # As a transaction had drawn the number of its bill before the refresh, and ends after it.
    late = buy(till, asha, "2026-01-01 10:00:00")
    Bill.objects.filter(pk=late.pk).update(outlier_status=Bill.Outlier.TEST)
    refresh_figures(organization)
    traveller.shift(timedelta(minutes=15))
    Bill.objects.filter(pk=late.pk).update(outlier_status=Bill.Outlier.NORMAL)
    assert refresh_figures(organization).days == 1
    assert_figures_agree(organization)


def test_merges_and_their_undoing_count_the_day_of_registration_anew(
    organization: Organization, till: Till, traveller: time_machine.Traveller
) -> None:
    asha, twin = join(till), join(till, "2025-12-01 10:00:00")
    settle(organization, traveller)
    merge = merge_customers(survivor=asha.pk, victim=twin.pk, by=till_actor(till)).merge
    refresh_figures(organization)
    assert list(DayFigures.objects.values_list("day", flat=True)) == [date(2026, 3, 9)]
    traveller.shift(timedelta(days=2))
    undo_merge(merge, reason="two customers", by=till_actor(till))
    assert refresh_figures(organization).days == 1
    assert_figures_agree(organization)


def test_a_corrected_registration_counts_both_days_anew(
    organization: Organization, till: Till, traveller: time_machine.Traveller
) -> None:
    asha = join(till)
    settle(organization, traveller)
    before, after = asha.registered_on, at("2020-01-01 10:00:00")
    Customer.objects.filter(pk=asha.pk).update(registered_on=after)
    change = Change(
        action="changed",
        object_type="customer",
        object_id=asha.pk,
        old={"registered_on": before.isoformat()},
        new={"registered_on": after.isoformat()},
    )
    record_changes([change], by=till_actor(till))
    assert refresh_figures(organization).days == 2
    assert_figures_agree(organization)


def test_a_complete_refresh_puts_right_what_no_row_announces(
    organization: Organization, till: Till, traveller: time_machine.Traveller
) -> None:
    buy(till, join(till))
    settle(organization, traveller)
    DayFigures.objects.update(bills=7)
    DayFigures.objects.create(organization=organization, store=None, day=date(2030, 1, 1), joined=3)
    program = PointsAccountFactory(organization=organization).program
    PointsFigures.objects.create(organization=organization, program=program, day=date(2020, 1, 1), earned=3)
    refresh_figures(organization)
    assert set(DayFigures.objects.values_list("bills", flat=True)) >= {7, 0}
    refresh_figures(organization, complete=True)
    assert_figures_agree(organization)
    assert FiguresRefresh.objects.latest("pk").is_complete


def test_another_time_zone_moves_the_days(organization: Organization, till: Till, traveller: time_machine.Traveller) -> None:
    buy(till, join(till, "2026-03-09 02:00:00"), "2026-03-09 02:00:00")
    settle(organization, traveller)
    organization.timezone = "America/New_York"
    organization.save()
    refresh_figures(organization)
    assert_figures_agree(organization)
    assert list(DayFigures.objects.values_list("day", flat=True)) == [date(2026, 3, 8)]
    traveller.shift(timedelta(hours=2))
    organization.timezone = "Asia/Kolkata"
    organization.save()
    refresh_figures(organization)
    assert_figures_agree(organization)


@around_midnight
def test_days_are_those_of_the_organization(organization: Organization, till: Till, zone: ZoneInfo, clock: datetime) -> None:
    organization.timezone = zone.key
    organization.save()
    when = moment(zone, clock)  # type: ignore[arg-type]  # a time of day
    join(till)
    BillFactory(till=till, customer=join(till), billed_at=when)
    with time_machine.travel(when + timedelta(days=2)):
        refresh_figures(organization)
        assert_figures_agree(organization)
    assert DayFigures.objects.filter(bills=1, day=when.astimezone(zone).date()).exists()


def test_an_hour_that_leads_back_over_midnight_belongs_to_its_day(
    organization: Organization, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until 2011 the clocks of St. John's went back at a minute past midnight, to the day before."""
    # Each day by itself.
    monkeypatch.setattr(refreshing, "LONGEST_RUN", 1)
    organization.timezone = "America/St_Johns"
    organization.save()
    half_past_eleven_again = datetime(2010, 11, 7, 3, 0, tzinfo=ZoneInfo("UTC"))
    asha = join(till, "2010-11-01 10:00:00")
    for minutes in (-60, -30, 0, 30, 60):
        BillFactory(till=till, customer=asha, billed_at=half_past_eleven_again + timedelta(minutes=minutes))
    refresh_figures(organization)
    assert_figures_agree(organization)
    bills = dict(DayFigures.objects.filter(bills__gt=0).values_list("day", "bills"))
    assert bills == {date(2010, 11, 6): 2, date(2010, 11, 7): 3}


# --- what is not a sum of days


def active(period: Period, *stores: Store) -> int | None:
    rows = ActiveCustomers.objects.filter(first_day=period.first_day, last_day=period.last_day)
    return rows.filter(stores=sorted(store.pk for store in stores)).values_list("customers", flat=True).first()


def test_a_customer_of_two_stores_is_active_once(organization: Organization, till: Till, indiranagar: Till) -> None:
    asha, ravi, other = join(till), join(till), TillFactory(store=StoreFactory(organization=organization))
    StaffMemberFactory(organization=organization, role="store_manager", stores=[till.store, indiranagar.store])
    for place in (till, indiranagar, other):
        buy(place, asha)
    buy(till, ravi)
    buy(till, ravi, "2026-03-01 10:00:00")
    buy(till, join(till), type=Bill.Type.RETURN)
    # Today is not over.
    buy(till, join(till), "2026-03-10 09:00:00")
    refresh_figures(organization)
    assert_figures_agree(organization)
    week = Period.ending(date(2026, 3, 9), 7)
    assert (active(week), active(week, till.store), active(week, indiranagar.store)) == (2, 2, 1)
    assert active(week, till.store, indiranagar.store) == 2
    assert active(week, till.store, other.store) is None
    assert active(week.before) == 1


def test_the_periods_end_yesterday(organization: Organization, till: Till, traveller: time_machine.Traveller) -> None:
    buy(till, join(till))
    refresh_figures(organization)
    traveller.shift(timedelta(days=1))
    refresh_figures(organization)
    assert set(ActiveCustomers.objects.filter(stores=[]).values_list("last_day", flat=True)) == {
        date(2026, 3, 10) - timedelta(days=days) for days in (0, 7, 30, 90)
    }
    assert_figures_agree(organization)


def test_points_of_customers_who_are_no_members_are_counted(organization: Organization) -> None:
    account = PointsAccountFactory(organization=organization, membership=False)
    with transaction.atomic():
        give_points(account, 12)
    refresh_figures(organization)
    row = TierFigures.objects.get()
    assert (row.tier, row.members, row.points) == (None, 0, 12)
    assert_figures_agree(organization)


def test_an_organization_without_rows_has_no_figures(organization: Organization) -> None:
    refreshed = refresh_figures(organization)
    # Periods in which nobody bought.
    assert refreshed == Refreshed(days=0, changed=6)
    assert not DayFigures.objects.exists()


def test_other_organizations_keep_theirs(organization: Organization, till: Till, stranger: Till) -> None:
    with unscoped("tests make their rows"):
        buy(stranger, join(stranger))
    with organization_scope(stranger.organization):
        refresh_figures(stranger.organization)
        theirs = days_stored()
    buy(till, join(till, "2026-02-01 10:00:00"), "2026-02-01 10:00:00")
    refresh_figures(organization, complete=True)
    assert {store for store, _day in days_stored()} == {till.store_id}
    with organization_scope(stranger.organization):
        assert days_stored() == theirs
        assert_figures_agree(stranger.organization)


def test_refreshes_that_none_needs_are_deleted(organization: Organization, traveller: time_machine.Traveller) -> None:
    for _ in range(12):
        refresh_figures(organization)
        traveller.shift(timedelta(hours=8))
    # Of two days, and none that the next refresh goes by.
    assert FiguresRefresh.objects.count() == 7
    traveller.shift(timedelta(days=30))
    refresh_figures(organization)
    assert FiguresRefresh.objects.count() == 3


# --- beside itself


def refresh_beside(organization: Organization, till: Till) -> int:
    """Sell and refresh while another refresh, which does not see the sale, is under way; the bills counted at last."""
    asha = join(till)
    buy(till, asha)
    refresh_figures(organization)

    def refresh() -> None:
        with organization_scope(organization):
            refresh_figures(organization)

    with ExitStack() as stack:
        with transaction.atomic():
            buy(till, asha)
            refresh_figures(organization)
            running = stack.enter_context(meanwhile(refresh))
            wait_until_blocked(1)
        running.result()
    return DayFigures.objects.get(store=till.store).bills


@pytest.mark.django_db(transaction=True)
def test_a_refresh_waits_for_another_one_and_counts_what_it_counted(organization: Organization, till: Till) -> None:
    assert refresh_beside(organization, till) == 2
    assert_figures_agree(organization)


@pytest.mark.django_db(transaction=True)
def test_twin_refreshes_without_the_lock_leave_an_earlier_count(
    organization: Organization, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "lock_values", lambda _values: None)
    assert refresh_beside(organization, till) == 1


@pytest.mark.django_db(transaction=True)
def test_first_refreshes_at_the_same_moment_count_once(organization: Organization, till: Till) -> None:
    for day in range(1, 9):
        buy(till, join(till, f"2026-02-0{day} 10:00:00"), f"2026-03-0{day} 10:00:00")

    def refresh(_worker: int) -> int:
        with organization_scope(organization):
            return refresh_figures(organization).changed

    changed = race([[1], [2], [3]], refresh)
    # The figures of a day and store, those of the periods at all stores and at each, and of no tier at all.
    assert sum(changed) == DayFigures.objects.count() + ActiveCustomers.objects.count() == 16 + 12
    assert_figures_agree(organization)


# --- the command and the jobs


def run(*options: str) -> str:
    out = io.StringIO()
    call_command("refresh_figures", *options, stdout=out)
    return out.getvalue()


def test_the_command_refreshes_one_organization_or_all(
    organization: Organization, till: Till, stranger: Till, traveller: time_machine.Traveller
) -> None:
    buy(till, join(till))
    assert run("--organization", "northwind") == "northwind: days counted: 1, figures changed: 13\n"
    assert run("--all") == "bazaar: days counted: 0, figures changed: 12\nnorthwind: days counted: 1, figures changed: 0\n"
    settle(organization, traveller)
    assert "northwind: days counted: 0" in run("--all")
    assert "northwind: days counted: 1" in run("--all", "--complete")
    with pytest.raises(CommandError, match=r"There is no organization nowhere\."):
        run("--organization", "nowhere")


def test_workers_refresh_all_organizations(organization: Organization, till: Till, traveller: time_machine.Traveller) -> None:
    buy(till, join(till))
    tasks.refresh(timestamp=0)
    assert_figures_agree(organization)
    settle(organization, traveller)
    DayFigures.objects.update(bills=7)
    tasks.refresh(timestamp=0)
    assert DayFigures.objects.get().bills == 7
    # As a worker does that starts.
    tasks.refresh_completely(timestamp=0)
    assert DayFigures.objects.get().bills == 7
    traveller.shift(timedelta(days=1))
    tasks.refresh_completely(timestamp=0)
    assert DayFigures.objects.get().bills == 1
