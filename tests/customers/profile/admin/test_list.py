"""The list of customers: columns, order, filters, presets and counts, by the role of the reader."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from customers.profile.admin import list as customer_list
from customers.profile.models import Customer
from engagement.bills.models import PurchaseTotals
from engagement.points.models import PointsAccount
from engagement.programs.models import Membership, Program
from loyalty_project import clock
from organizations.back_office import list_page
from organizations.back_office.counting import RowCount
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.back_office import list_of, page_of, register, shown
from tests.customers.profile.admin.forms import CUSTOMERS
from tests.factories.customers import CustomerFactory, IdentifierFactory
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.programs import TierFactory

pytestmark = pytest.mark.django_db


def test_the_list_shows_identifiers_type_and_store(administrator: Client, anna: Customer) -> None:
    page = administrator.get(list_of(CUSTOMERS)).content.decode()
    for text in ("Anna Rao", "+91 98123 00001", "anna.rao@example.com", "NW-0001", "MG Road", "loyalty"):
        assert text in page


def test_a_customer_without_name_is_shown_by_id(administrator: Client, till: Till) -> None:
    customer = register(till, mobile="9812300001")
    assert f"Customer {customer.pk}" in administrator.get(list_of(CUSTOMERS)).content.decode()


@pytest.mark.parametrize("customers", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    administrator: Client, till: Till, customers: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    CustomerFactory.create_batch(customers, organization=till.organization, with_identifiers=True)
    # Session, member of staff, the limit to stores; stores, tiers, labels and partitions of the filters; the count, customers
    # and identifiers; the default program, balances and purchases; own views.
    with django_assert_num_queries(15):
        administrator.get(list_of(CUSTOMERS))


@pytest.mark.parametrize("customers", [1, 3])
def test_a_search_costs_the_same_for_any_number(
    administrator: Client, till: Till, customers: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    IdentifierFactory.create_batch(customers, customer__organization=till.organization)
    # As the list, three to search, and four for the time limit.
    with django_assert_num_queries(22):
        answer = administrator.get(list_of(CUSTOMERS), {"q": "98000"})
    assert len(shown(answer)) == customers


def test_the_list_is_narrowed(administrator: Client, anna: Customer, indiranagar: Till) -> None:
    other = register(
        indiranagar, mobile="9812300002", type="NON_LOYALTY", registered_on="2024-02-29 23:59:59", fraud_status="MARKED"
    )
    for query in (
        {"type__exact": "NON_LOYALTY"},
        {"registered_store": str(indiranagar.store_id)},
        {"registered_on_from": "2024-02-29", "registered_on_to": "2024-02-29"},
        {"fraud_status__exact": "MARKED"},
        {"q": "9812300002"},
    ):
        assert shown(administrator.get(list_of(CUSTOMERS), query)) == [other]
    assert shown(administrator.get(list_of(CUSTOMERS), {"source": "WEBSITE"})) == []
    assert shown(administrator.get(list_of(CUSTOMERS), {"q": " "})) == [other, anna]


def test_many_hits_ask_for_more(administrator: Client, till: Till) -> None:
    Customer.objects.bulk_create(
        Customer(
            organization=till.organization,
            firstname_folded="anna",
            registered_on="2026-01-01T00:00:00Z",
            updated_on="2026-01-01T00:00:00Z",
        )
        for _ in range(205)
    )
    answer = administrator.get(list_of(CUSTOMERS), {"q": "anna"})
    assert "Type more to narrow the search" in answer.content.decode()


def test_staff_of_a_store_see_its_customers_alone(seller: Client, anna: Customer, indiranagar: Till) -> None:
    other = register(indiranagar, firstname="Anna", mobile="9812300002")
    assert shown(seller.get(list_of(CUSTOMERS))) == [anna]
    assert shown(seller.get(list_of(CUSTOMERS), {"q": "anna"})) == [anna]
    assert shown(seller.get(list_of(CUSTOMERS), {"q": "9812300002"})) == []
    assert shown(seller.get(list_of(CUSTOMERS), {"registered_store": str(indiranagar.store_id)})) == []
    history = reverse("admin:customers_customer_history", args=[other.pk])
    for address in (page_of(CUSTOMERS, other), history):
        assert seller.get(address)["Location"] == "/admin/"
    assert seller.post(page_of(CUSTOMERS, other), {"firstname": "Mine"}).status_code == 302
    other.refresh_from_db()
    assert other.firstname == "Anna"


def test_customers_of_others_are_out_of_sight(administrator: Client, anna: Customer, stranger: Till) -> None:
    away = register(stranger, firstname="Anna", mobile="9812300001")
    assert shown(administrator.get(list_of(CUSTOMERS), {"q": "9812300001"})) == [anna]
    assert administrator.get(page_of(CUSTOMERS, away)).status_code == 302


def test_an_operator_sees_all_with_their_organizations(operator: Client, anna: Customer, stranger: Till) -> None:
    away = register(stranger, firstname="Anna", mobile="9812300001")
    answer = operator.get(list_of(CUSTOMERS), {"q": "9812300001"})
    assert shown(answer) == [away, anna]
    assert "Bazaar" in answer.content.decode()
    assert shown(operator.get(list_of(CUSTOMERS), {"organization": str(away.organization_id)})) == [away]
    assert operator.get(page_of(CUSTOMERS, away)).status_code == 200


# --- points, tier and last visit


@pytest.fixture
def gold(anna: Customer) -> PointsAccount:
    """Anna's account with 1,250.5 points; she is on the tier Gold, and was here on 1 November 2026."""
    membership = Membership.objects.get(customer=anna)
    membership.tier = TierFactory(program=membership.program, name="Gold")
    membership.tier_since = membership.enrolled_on
    membership.save()
    account = PointsAccount.objects.filter(customer=anna).first()
    account = account or PointsAccountFactory(customer=anna, program=membership.program, membership=False)
    give_points(account, "1250.5")
    PurchaseTotals.objects.update_or_create(
        customer=anna, defaults={"organization": anna.organization, "last_billed_at": "2026-11-01T06:00Z"}
    )
    return account


def texts(browser: Client, **query: str) -> str:
    return browser.get(list_of(CUSTOMERS), query).content.decode()


def test_the_list_shows_points_tier_and_last_visit(administrator: Client, gold: PointsAccount) -> None:
    page = texts(administrator)
    for text in ("1,250.5", "Gold", "2026-11-01"):
        assert text in page


def test_columns_that_a_role_may_not_see_are_left_out(
    administrator: Client, gold: PointsAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_list, "_LOYALTY_COLUMNS", {"points": "no.such", "tier": "no.such", "last_visit": "no.such"})
    page = texts(administrator)
    assert "1,250.5" not in page
    assert "2026-11-01" not in page


def test_an_operator_sees_no_loyalty_of_several_organizations(operator: Client, gold: PointsAccount) -> None:
    assert "1,250.5" not in texts(operator)
    assert operator.get(list_of(CUSTOMERS), {"o": "-1"})["Location"].endswith("?e=1")


# --- order


def test_the_list_is_sorted_by_points(administrator: Client, organization: Organization) -> None:
    accounts = PointsAccountFactory.create_batch(3, organization=organization)
    CustomerFactory(organization=organization)
    for account, points in zip(accounts, (5, 20, 10), strict=True):
        give_points(account, points)
    low, high, middle = (account.customer for account in accounts)
    assert shown(administrator.get(list_of(CUSTOMERS), {"o": "-2"})) == [high, middle, low]
    assert shown(administrator.get(list_of(CUSTOMERS), {"o": "2"})) == [low, middle, high]


def test_without_a_default_program_nothing_is_sorted_by_points(administrator: Client, gold: PointsAccount) -> None:
    Program.objects.update(is_default=False)
    assert shown(administrator.get(list_of(CUSTOMERS), {"o": "-2"})) == []


def test_the_list_is_sorted_by_name_and_by_day(administrator: Client, organization: Organization) -> None:
    now = clock.now()
    zoe = CustomerFactory(organization=organization, firstname_folded="zoe", registered_on=now)
    anna = CustomerFactory(organization=organization, firstname_folded="anna", registered_on=now - timedelta(days=1))
    twin = CustomerFactory(organization=organization, firstname_folded="anna", registered_on=now - timedelta(days=1))
    assert shown(administrator.get(list_of(CUSTOMERS), {"o": "0"})) == [anna, twin, zoe]
    assert shown(administrator.get(list_of(CUSTOMERS), {"o": "-0"})) == [zoe, twin, anna]
    assert shown(administrator.get(list_of(CUSTOMERS), {"o": "-6"})) == [zoe, twin, anna]
    assert administrator.get(list_of(CUSTOMERS), {"o": "5"})["Location"].endswith("?e=1")


# --- what is applied


def test_applied_filters_are_chips_that_can_be_removed(administrator: Client, gold: PointsAccount) -> None:
    tier = Membership.objects.get(customer=gold.customer).tier
    assert tier is not None
    query = {"q": "anna", "tier": str(tier.pk), "type__exact": "LOYALTY", "registered_on_from": "2026-01-01", "o": "-2"}
    answer = administrator.get(list_of(CUSTOMERS), query)
    assert shown(answer) == [gold.customer]
    chips = {chip.name: chip for chip in answer.context["cl"].chips}
    assert {name: chip.text for name, chip in chips.items()} == {
        "Search": "anna", "Tier": "Gold", "Type": "loyalty", "Registered on": "from 2026-01-01",
        "Sorted by": "Points, highest first",
    }  # fmt: skip
    removed = administrator.get(f"{list_of(CUSTOMERS)}{chips['Tier'].remove}")
    assert {chip.name for chip in removed.context["cl"].chips} == set(chips) - {"Tier"}


def test_presets_are_links_that_the_list_admits(administrator: Client, seller: Client, anna: Customer) -> None:
    for browser in (administrator, seller):
        presets = browser.get(list_of(CUSTOMERS)).context["cl"].presets
        assert [preset.label for preset in presets if preset.is_current] == ["All"]
        assert len(presets) == 5
        for preset in presets:
            answer = browser.get(f"{list_of(CUSTOMERS)}{preset.link}")
            assert answer.status_code == 200
            assert [current.label for current in answer.context["cl"].presets if current.is_current] == [preset.label]


def test_customers_of_the_last_days_are_those_of_today_too(administrator: Client, organization: Organization) -> None:
    now = clock.now()
    today, week, earlier = (
        CustomerFactory(organization=organization, registered_on=now - timedelta(days=days)) for days in (0, 6, 7)
    )
    assert shown(administrator.get(list_of(CUSTOMERS), {"joined": "today"})) == [today]
    assert shown(administrator.get(list_of(CUSTOMERS), {"joined": "week"})) == [today, week]
    assert shown(administrator.get(list_of(CUSTOMERS), {"joined": "month"})) == [today, week, earlier]


# --- counts


def test_the_list_says_how_many_there_are(administrator: Client, organization: Organization) -> None:
    CustomerFactory(organization=organization)
    assert administrator.get(list_of(CUSTOMERS)).context["cl"].count_label == "1 customer"
    CustomerFactory.create_batch(2, organization=organization)
    assert administrator.get(list_of(CUSTOMERS)).context["cl"].count_label == "3 customers"


def test_the_count_is_that_of_the_current_user(seller: Client, anna: Customer, indiranagar: Till, stranger: Till) -> None:
    register(indiranagar, mobile="9812300002")
    register(stranger, mobile="9812300003")
    assert seller.get(list_of(CUSTOMERS)).context["cl"].count_label == "1 customer"


def test_a_list_that_takes_too_long_shows_a_sentence(
    administrator: Client, anna: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_page, "SECONDS", 0.001)
    monkeypatch.setattr(list_page, "row_count", _sleep)
    answer = administrator.get(list_of(CUSTOMERS), {"type__exact": "LOYALTY"})
    assert shown(answer) == []
    assert "take too long" in answer.content.decode()


def _sleep(rows: object) -> RowCount:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(1)")
    return RowCount("")


def test_a_list_without_rows_says_what_to_do(administrator: Client, auditor: Client, organization: Organization) -> None:
    assert "No customers yet" in texts(administrator)
    assert "Add customer" in texts(administrator)
    assert "Add customer" not in texts(auditor)
    assert "No customers match" in texts(administrator, joined="today")


# --- speed among millions


@pytest.mark.parametrize(
    ("query", "index"),
    [
        # Three indexes have this order: which of them is the nearest depends on the statistics.
        ({}, "(customer_newest|customer_who_stands|customers_customer_pkey)"),
        ({"o": "0"}, "customer_firstname"),
        ({"o": "-0"}, "customer_firstname"),
        ({"o": "6"}, "customer_registered_on"),
        ({"o": "-6"}, "customer_registered_on"),
        ({"o": "2"}, "points_account_of_program"),
        ({"o": "-2"}, "points_account_of_program"),
        ({"joined": "week"}, "customer_registered_on"),
        ({"registered_on_from": "2026-01-01", "registered_on_to": "2026-02-01"}, "customer_registered_on"),
        ({"type__exact": "NON_LOYALTY"}, "customer_of_type"),
        ({"source": "WEBSITE"}, "customer_of_source"),
        ({"fraud_status__exact": "MARKED"}, "customer_of_fraud_status"),
    ],
)
def test_every_order_and_filter_is_the_range_of_an_index(
    administrator: Client, organization: Organization, query: dict[str, str], index: str
) -> None:
    PointsAccountFactory(organization=organization)
    rows = administrator.get(list_of(CUSTOMERS), query).context["cl"].queryset.prefetch_related(None)[:50]
    with connection.cursor() as cursor, organization_scope(organization):
        # As among millions: no table is read whole, nothing is sorted if an index has the order, and no other index is near.
        for setting in ("enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin", "enable_sort"):
            cursor.execute(f"SET LOCAL {setting} = off")
        plan = rows.explain(costs=False)
    assert re.search(rf"Index (Only )?Scan (Backward )?using {index} ", plan), plan
    assert "Sort" not in plan, plan
