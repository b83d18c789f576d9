"""Memberships, accounts, entries, lots and redemptions: listed, found, narrowed, within reach, and never changed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from engagement.points.expiry import Expiry
from engagement.points.ledger.movements import spend
from engagement.points.ledger.posting import Kind
from engagement.points.ledger.repository import write_accounts
from engagement.points.models import PointsAccount, PointsEntry, PointsLot
from engagement.programs.models import Membership, Program
from engagement.redemptions.models import Redemption, RedemptionReversal
from loyalty_project import clock
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from tests.back_office import list_of, log_in, page_of, shown
from tests.factories.customers import CustomerFactory, IdentifierFactory
from tests.factories.points import PointsAccountFactory, facts, give_points, state_of
from tests.factories.programs import ProgramFactory
from tests.factories.redemptions import RedemptionFactory
from tests.factories.staff import StaffMemberFactory

TABLES = ("membership", "pointsaccount", "pointsentry", "pointslot", "redemption", "bill")
MODELS = {
    "membership": Membership,
    "pointsaccount": PointsAccount,
    "pointsentry": PointsEntry,
    "pointslot": PointsLot,
    "redemption": Redemption,
}


def redeem(account: PointsAccount, points: int, code: str, **more: Any) -> Redemption:
    """Spend points as a till does."""
    with transaction.atomic():
        state = state_of(account)
        entry = spend(state, Decimal(points), kind=Kind.REDEEM, facts=facts(**more))
        write_accounts([state])
    return RedemptionFactory(account=account, entry=entry, code=code)


def member_with_rows(store: Store, number: int) -> PointsAccount:
    """A member registered in the store, with a row in each table."""
    customer = CustomerFactory(organization=store.organization, registered_store=store)
    account = PointsAccountFactory(organization=store.organization, customer=customer)
    give_points(account, 50 + number)
    redeem(account, 10, f"CODE{number}", store=store)
    return account


@pytest.mark.parametrize("table", MODELS)
def test_rows_are_found_as_customers_are(administrator: Client, account: PointsAccount, store: Store, table: str) -> None:
    IdentifierFactory(customer=account.customer, kind="email", value="anna.rao@example.com")
    redeem(account, 10, "A1b2C3")
    member_with_rows(store, 1)
    every = shown(administrator.get(list_of(f"engagement_{table}")))
    matches = shown(administrator.get(list_of(f"engagement_{table}"), {"q": "anna.rao@"}))
    assert 0 < len(matches) < len(every)
    assert matches == [row for row in every if getattr(row, "account", row).customer_id == account.customer_id]
    assert shown(administrator.get(list_of(f"engagement_{table}"), {"q": " "})) == every


@pytest.mark.parametrize("table", MODELS)
def test_staff_of_a_store_see_the_rows_of_its_customers(
    seller: Client, account: PointsAccount, indiranagar: Till, table: str
) -> None:
    redeem(account, 10, "A1b2C3")
    hidden = member_with_rows(indiranagar.store, 1)
    rows = shown(seller.get(list_of(f"engagement_{table}")))
    assert rows
    assert {getattr(row, "account", row).customer_id for row in rows} == {account.customer_id}
    row = MODELS[table].objects.exclude(pk__in=[row.pk for row in rows]).first()
    assert getattr(row, "account", row).customer_id == hidden.customer_id
    assert seller.get(page_of(f"engagement_{table}", row))["Location"] == "/admin/"


@pytest.mark.parametrize("table", MODELS)
def test_history_is_neither_changed_nor_added_nor_deleted(
    administrator: Client, operator: Client, account: PointsAccount, table: str
) -> None:
    redeem(account, 10, "A1b2C3")
    row = MODELS[table].objects.first()
    for browser in (administrator, operator):
        assert browser.get(page_of(f"engagement_{table}", row)).status_code == 200
        assert browser.post(page_of(f"engagement_{table}", row), {"points": "9"}).status_code == 403
        assert browser.get(f"/admin/engagement/{table}/add/").status_code == 403
        assert browser.post(f"/admin/engagement/{table}/{row.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("table", "queries"),
    # Session, member of staff, the limit to stores, the queues, programs of the filter; stores or tiers of a further
    # one; the rows.
    [("membership", 8), ("pointsaccount", 6), ("pointsentry", 7), ("pointslot", 6), ("redemption", 7)],
)
def test_a_list_costs_the_same_for_any_number(
    administrator: Client,
    store: Store,
    table: str,
    queries: int,
    rows: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(rows):
        member_with_rows(store, number)
    with django_assert_num_queries(queries):
        answer = administrator.get(list_of(f"engagement_{table}"))
    assert len(shown(answer)) >= rows


def test_lists_are_narrowed_by_program_kind_store_and_day(
    administrator: Client, account: PointsAccount, store: Store, club_program: Program
) -> None:
    other = ProgramFactory(organization=account.organization, name="Outlet")
    away = PointsAccountFactory(organization=account.organization, program=other, customer=account.customer)
    now = clock.now()
    give_points(away, 5, facts=facts(now, store=store), kind="promotional")
    for table in ("pointsaccount", "pointsentry", "pointslot", "membership"):
        (row,) = shown(administrator.get(list_of(f"engagement_{table}"), {"program": str(other.pk)}))
        assert getattr(row, "account", row).program_id == other.pk
    entries = list_of("engagement_pointsentry")
    assert len(shown(administrator.get(entries, {"store": str(store.pk)}))) == 1
    assert len(shown(administrator.get(entries, {"kind__exact": "REDEEM"}))) == 0
    assert len(shown(administrator.get(entries, {"occurred_at_from": f"{now - timedelta(days=2):%Y-%m-%d}"}))) == 1
    assert len(shown(administrator.get(list_of("engagement_pointslot"), {"kind__exact": "promotional"}))) == 1


def test_an_entry_shows_what_moved_and_why(administrator: Client, account: PointsAccount) -> None:
    give_points(account, 7, facts=facts(note="A gift", explanation={"because": "adjustment"}))
    entry = PointsEntry.objects.get(points=7)
    page = administrator.get(page_of("engagement_pointsentry", entry)).content.decode()
    for text in ("+7", "107", "Anna Rao", "adjustment (A gift).", "mgroad.till1 (till)"):
        assert text in page
    assert entry.get_kind_display() in page
    assert f"&#x27;{entry.kind}&#x27;" not in page


def test_a_lot_shows_its_remaining_points_and_expiry(administrator: Client, account: PointsAccount, store: Store) -> None:
    give_points(account, 20, expiry=Expiry(moves="membership"), facts=facts(datetime(2021, 1, 1, tzinfo=UTC)))
    Membership.objects.update(
        tier=account.program.tiers.get(name="Silver"), tier_since=clock.now(), tier_expires_on="2031-05-31"
    )
    give_points(account, 30, opens_at=clock.now() + timedelta(days=3))
    page = administrator.get(list_of("engagement_pointslot")).content.decode()
    for text in ("2031-05-31", "promised", "open"):
        assert text in page
    redeem(account, 20, "A1b2C3")
    assert "used up" in administrator.get(list_of("engagement_pointslot")).content.decode()
    for lot in PointsLot.objects.all():
        assert administrator.get(page_of("engagement_pointslot", lot)).status_code == 200


def test_a_redemption_shows_its_store_and_reversals(administrator: Client, account: PointsAccount, till: Till) -> None:
    redemption = redeem(account, 30, "A1b2C3", till=till, store=till.store, reference="R-77", note="Boots")
    redemptions = list_of("engagement_redemption")
    assert "redeemed" in administrator.get(redemptions).content.decode()
    give_points(account, 10)
    entry = PointsEntry.objects.latest("pk")
    RedemptionReversal.objects.create(organization=account.organization, redemption=redemption, entry=entry, points=Decimal(10))
    Redemption.objects.update(reversed=10)
    assert "partly reversed" in administrator.get(redemptions).content.decode()
    Redemption.objects.update(reversed=30)
    assert "reversed" in administrator.get(redemptions).content.decode()
    page = administrator.get(page_of("engagement_redemption", redemption)).content.decode()
    for text in ("A1b2C3", "R-77", "Boots", "MG Road", "mgroad.till1", "Reversals"):
        assert text in page


def test_a_redemption_is_found_by_its_code(administrator: Client, account: PointsAccount) -> None:
    first, second = redeem(account, 10, "A1b2C3"), redeem(account, 10, "a1b2c3")
    redemptions = list_of("engagement_redemption")
    assert shown(administrator.get(redemptions, {"q": "A1b2C3"})) == [first]
    assert shown(administrator.get(redemptions, {"q": "a1b2c3"})) == [second]


def test_who_has_no_role_for_them_sees_none(organization: Organization) -> None:
    nobody = log_in(StaffMemberFactory(organization=organization, role="", username="nobody"))
    for table in (*TABLES, "program"):
        assert nobody.get(list_of(f"engagement_{table}")).status_code == 403


def test_rows_of_other_organizations_are_out_of_sight(administrator: Client, operator: Client, account: PointsAccount) -> None:
    assert shown(operator.get(list_of("engagement_pointsaccount"), {"q": str(account.customer_id)})) == [account]
    assert "Northwind" in operator.get(list_of("engagement_pointsaccount")).content.decode()
    assert operator.get(page_of("engagement_pointsaccount", account)).status_code == 200


@pytest.mark.parametrize("table", ["membership", "pointsentry", "pointslot", "redemption"])
def test_rows_that_are_written_once_have_no_history_button(administrator: Client, store: Store, table: str) -> None:
    member_with_rows(store, 1)
    (row, *_) = shown(administrator.get(list_of(f"engagement_{table}")))
    page = page_of(f"engagement_{table}", row)
    assert page.replace("/change/", "/history/") not in administrator.get(page).content.decode()
