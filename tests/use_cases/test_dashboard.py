"""The start page: what waits, the figures of those who may see them, and links that lead to the rows behind each number."""

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries

from customers.duplicates.models import DuplicateCandidate
from customers.profile.models import Customer
from engagement.bills.models import Bill
from engagement.figures.models import FiguresRefresh
from engagement.figures.refreshing import refresh_figures
from engagement.points.ledger.movements import spend
from engagement.points.ledger.posting import Kind
from engagement.points.ledger.repository import write_accounts
from engagement.points.models import PointsAccount
from engagement.programs.models import Membership, Program, Tier
from loyalty_project import clock
from organizations.imports.models import ImportRun
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from tests.back_office import log_in, register, shown, table_texts
from tests.factories.bills import BillFactory, at
from tests.factories.customers import CustomerFactory
from tests.factories.identity_requests import ask
from tests.factories.locations import StoreFactory, TillFactory, till_actor
from tests.factories.points import PointsAccountFactory, facts, give_points, state_of
from tests.factories.programs import ProgramVersionFactory, TierFactory
from tests.factories.staff import StaffMemberFactory
from tests.factories.tickets import TicketFactory
from tests.factories.webhooks import DeliveryFactory, EndpointFactory
from use_cases.merging import merge_customers

NOON = at("2026-03-10 12:00:00")


@pytest.fixture
def march() -> Iterator[None]:
    """A day of which the last 30 whole ones are February 8 to March 9."""
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def gold(organization: Organization) -> Tier:
    """The higher tier of a program whose points are worth 0.25."""
    program = Program.objects.get(is_default=True)
    ProgramVersionFactory(program=program, number=2, rules={"points_to_currency": "0.25"})
    TierFactory(program=program, name="Silver", position=1)
    tier: Tier = TierFactory(program=program, name="Gold", position=2)
    return tier


def member(till: Till, joined: str = "2026-03-09 18:00:00", tier: Tier | None = None) -> PointsAccount:
    """The account of a customer who joined at the till."""
    customer = CustomerFactory(
        organization=till.organization, registered_store=till.store, registered_till=till, registered_on=at(joined)
    )
    account: PointsAccount = PointsAccountFactory(organization=till.organization, customer=customer)
    if tier:
        Membership.objects.filter(customer=customer).update(tier=tier, tier_since=at(joined))
    return account


def buy(till: Till, account: PointsAccount | None, when: str, amount: int = 100) -> Bill:
    kind = {} if account else {"type": Bill.Type.NOT_INTERESTED}
    bill: Bill = BillFactory(
        till=till, customer=account and account.customer, billed_at=at(when), amount=Decimal(amount), **kind
    )
    return bill


def earn(account: PointsAccount, points: int, when: str, till: Till) -> None:
    with transaction.atomic():
        give_points(account, points, facts=facts(at(when), store=till.store, till=till))


def redeem(account: PointsAccount, points: int, when: str, till: Till) -> None:
    with transaction.atomic():
        state = state_of(account)
        spend(state, Decimal(points), kind=Kind.REDEEM, facts=facts(at(when), store=till.store, till=till))
        write_accounts([state])


def trade(till: Till, other: Till, gold: Tier) -> None:
    """Two customers who joined and bought in March, and one who did in January; a stranger; points at two stores."""
    asha, ravi = member(till, tier=gold), member(other, "2026-02-20 10:00:00")
    mira = member(till, "2026-01-20 10:00:00")
    buy(till, asha, "2026-03-09 18:00:00")
    buy(other, asha, "2026-03-08 18:00:00", 40)
    buy(other, ravi, "2026-02-08 00:00:00", 60)
    buy(till, None, "2026-03-01 10:00:00", 10)
    buy(till, mira, "2026-02-07 23:59:59", 500)
    buy(till, mira, "2026-03-10 09:00:00")
    earn(mira, 50, "2026-02-01 10:00:00", till)
    earn(asha, 80, "2026-03-01 10:00:00", till)
    earn(ravi, 20, "2026-03-01 10:00:00", other)
    redeem(asha, 25, "2026-03-09 10:00:00", other)


def tiles_of(answer: Any) -> dict[str, tuple[str, str]]:
    """Value and change of the tiles, by their titles."""
    pulse = answer.context["pulse"]
    return {
        tile.title: (tile.value, f"{tile.change.arrow} {tile.change.text}".strip() if tile.change else "")
        for tile in pulse.tiles
    }


def queues_of(answer: Any) -> list[tuple[str, str]]:
    return [(queue.title, count) for queue, count in answer.context["queues"]]


# --- the figures


@pytest.mark.usefixtures("march")
def test_a_manager_sees_the_figures_of_thirty_days(
    administrator: Client, organization: Organization, till: Till, indiranagar: Till, gold: Tier
) -> None:
    trade(till, indiranagar, gold)
    refresh_figures(organization)
    answer = administrator.get("/admin/")
    assert tiles_of(answer) == {
        "Customers joined": ("2", "↑ 100%"),
        "Active customers": ("2", "↑ 100%"),
        "Bills with a customer": ("75%", "↓ 25.0 points"),
        "Redemption rate": ("25%", "↑ 25.0 points"),
        "Points earned": ("100", "↑ 100%"),
        "Points redeemed": ("25", "none before"),
        "Points expired": ("0", ""),
        "Points outstanding": ("31.25", ""),
    }
    pulse = answer.context["pulse"]
    assert (pulse.period.first_day, pulse.period.last_day) == (date(2026, 2, 8), date(2026, 3, 9))
    assert pulse.today == "Today so far: 0 joined, 1 bill, 0 points earned."
    page = answer.content.decode()
    assert "10 Mar, 12:00" in page
    assert [[(bar.label, bar.value, bar.note) for bar in pyramid.bars] for pyramid in pulse.pyramids] == [
        [("Gold", "1", "33%"), ("Silver", "0", "0%")]
    ]
    assert table_texts(pulse.top_stores) == [["MG Road", "110.00 INR", "50%", "1"], ["Indiranagar", "100.00 INR", "100%", "1"]]


@pytest.mark.usefixtures("march")
def test_other_periods_and_one_store(
    administrator: Client, organization: Organization, till: Till, indiranagar: Till, gold: Tier
) -> None:
    trade(till, indiranagar, gold)
    refresh_figures(organization)
    assert tiles_of(administrator.get("/admin/?days=7"))["Customers joined"] == ("1", "none before")
    assert tiles_of(administrator.get("/admin/?days=90"))["Customers joined"] == ("3", "none before")
    answer = administrator.get(f"/admin/?days=90&store={indiranagar.store_id}")
    assert tiles_of(answer) == {
        "Customers joined": ("1", "none before"),
        "Active customers": ("2", "none before"),
        "Bills with a customer": ("100%", ""),
        "Redemption rate": ("125%", ""),
        "Points earned": ("20", "none before"),
        "Points redeemed": ("25", "none before"),
        "Sales": ("100.00", "none before"),
    }
    pulse = answer.context["pulse"]
    assert pulse.top_stores is None
    assert pulse.lengths[0] == (7, f"/admin/?days=7&store={indiranagar.store_id}")
    assert "MG Road" in answer.content.decode()


@pytest.mark.usefixtures("march")
def test_staff_limited_to_stores_see_the_figures_of_these(
    organization: Organization, till: Till, indiranagar: Till, gold: Tier
) -> None:
    trade(till, indiranagar, gold)
    third = TillFactory(store=StoreFactory(organization=organization, name="Third"))
    buy(third, member(third), "2026-03-05 10:00:00")
    manager = StaffMemberFactory(organization=organization, role="store_manager", stores=[till.store, indiranagar.store])
    refresh_figures(organization)
    answer = log_in(manager).get("/admin/")
    shown_to_them = tiles_of(answer)
    assert shown_to_them["Customers joined"] == ("2", "↑ 100%")
    assert shown_to_them["Active customers"] == ("2", "↑ 100%")
    assert shown_to_them["Sales"] == ("210.00", "↓ 58%")
    assert not {"Points outstanding", "Points expired"} & shown_to_them.keys()
    assert "Third" not in answer.content.decode()
    refused = log_in(manager).get(f"/admin/?store={third.store_id}")
    assert tiles_of(refused) == shown_to_them
    assert "does not exist, or you may not see it" in refused.content.decode()


@pytest.mark.usefixtures("march")
def test_a_new_limit_to_stores_waits_for_its_count(
    organization: Organization, till: Till, indiranagar: Till, gold: Tier
) -> None:
    trade(till, indiranagar, gold)
    refresh_figures(organization)
    both = [till.store, indiranagar.store]
    answer = log_in(StaffMemberFactory(organization=organization, role="store_manager", stores=both)).get("/admin/")
    assert tiles_of(answer)["Active customers"] == ("–", "")
    assert "not counted yet" in answer.content.decode()


@pytest.mark.usefixtures("march")
def test_figures_of_other_organizations_are_not_shown(
    administrator: Client, organization: Organization, till: Till, indiranagar: Till, gold: Tier, stranger: Till
) -> None:
    trade(till, indiranagar, gold)
    refresh_figures(organization)
    other = log_in(StaffMemberFactory(organization=stranger.organization, role="org_admin"))
    assert other.get("/admin/").context["pulse"] is None
    assert tiles_of(administrator.get(f"/admin/?store={stranger.store_id}"))["Customers joined"] == ("2", "↑ 100%")


@pytest.mark.parametrize("query", ["days=31", "days=x", "days=%00", "store=0", "store=x", "store=-1"])
def test_an_address_of_another_form_shows_the_usual_figures(
    administrator: Client, organization: Organization, till: Till, query: str
) -> None:
    refresh_figures(organization)
    answer = administrator.get(f"/admin/?{query}")
    assert answer.context["pulse"].period.days == 30
    assert len(list(answer.context["messages"])) == 1


def test_before_the_first_count_the_page_says_so(administrator: Client) -> None:
    answer = administrator.get("/admin/")
    assert answer.context["pulse"] is None
    assert "have not been counted yet" in answer.content.decode()


def test_without_a_worth_of_points_the_points_are_shown(administrator: Client, organization: Organization, till: Till) -> None:
    earn(member(till), 30, "2026-03-01 10:00:00", till)
    refresh_figures(organization)
    tile = administrator.get("/admin/").context["pulse"].tiles[-1]
    assert (tile.title, tile.value, tile.unit) == ("Points outstanding", "30", "")


@pytest.mark.parametrize(
    ("role", "sees"),
    [("org_admin", True), ("store_manager", True), ("auditor", True), ("store_staff", False), ("care_agent", False)],
)
def test_figures_are_for_those_who_may_see_them(organization: Organization, till: Till, role: str, sees: bool) -> None:  # noqa: FBT001 - pytest passes names
    refresh_figures(organization)
    answer = log_in(StaffMemberFactory(organization=organization, role=role)).get("/admin/")
    assert ("pulse" in answer.context) is sees
    assert ("How the program is doing" in answer.content.decode()) is sees


# --- numbers and their rows


@pytest.mark.usefixtures("march")
def test_every_number_leads_to_its_rows(
    administrator: Client, organization: Organization, till: Till, indiranagar: Till, gold: Tier
) -> None:
    trade(till, indiranagar, gold)
    refresh_figures(organization)
    for query in ("", f"?store={indiranagar.store_id}"):
        pulse = administrator.get(f"/admin/{query}").context["pulse"]
        rows = {tile.title: shown(administrator.get(tile.link)) for tile in pulse.tiles}
        values = {tile.title: tile.value for tile in pulse.tiles}
        assert len(rows["Customers joined"]) == int(values["Customers joined"])
        assert sum(entry.points for entry in rows["Points earned"]) == int(values["Points earned"])
        assert -sum(entry.points for entry in rows["Points redeemed"]) == int(values["Points redeemed"])
        if query:
            assert len({bill.customer_id for bill in rows["Active customers"]}) == int(values["Active customers"])
            assert sum(bill.amount for bill in rows["Sales"]) == Decimal(values["Sales"])
        else:
            assert len(rows["Active customers"]) == int(values["Active customers"])
            assert sum(account.balance for account in rows["Points outstanding"]) == 125
            assert rows["Points expired"] == []
            assert len(rows["Bills with a customer"]) == 3
        assert "Redemption rate" in rows
        for bar in (bar for pyramid in pulse.pyramids for bar in pyramid.bars):
            assert len(shown(administrator.get(bar.link))) == int(bar.value)
        if pulse.top_stores:
            sold, with_customer, joined = (
                re.findall(r'href="([^"]+)"', str(cell))[0] for _, cell in pulse.top_stores.cells[0][1:]
            )
            assert sum(bill.amount for bill in shown(administrator.get(unescape(sold)))) == 110
            assert len(shown(administrator.get(unescape(with_customer)))) == 1
            assert len(shown(administrator.get(unescape(joined)))) == 1


@pytest.mark.usefixtures("march")
def test_a_chart_has_its_data_in_attributes_and_in_a_table(
    administrator: Client, organization: Organization, till: Till, indiranagar: Till, gold: Tier
) -> None:
    trade(till, indiranagar, gold)
    refresh_figures(organization)
    answer = administrator.get("/admin/")
    page = answer.content.decode()
    assert page.count('<canvas class="chart"') == len(re.findall(r'role="img"\s+aria-label="[^"]+"', page)) == 3
    points, joined, share = answer.context["pulse"].charts
    data = json.loads(points.data)
    assert [(series["label"], sum(series["data"])) for series in data["datasets"]] == [
        ("Earned", 100),
        ("Redeemed", 25),
        ("Expired", 0),
    ]
    assert (len(data["labels"]), data["labels"][0], data["labels"][-1]) == (30, "8 Feb", "9 Mar")
    assert table_texts(points.table)[21] == ["1 Mar", "100", "0", "0"]
    assert [sum(series["data"]) for series in json.loads(joined.data)["datasets"]] == [2, 1]
    assert [value for value in json.loads(share.data)["datasets"][0]["data"] if value is not None] == [100, 0, 100, 100]
    weeks = json.loads(administrator.get("/admin/?days=90").context["pulse"].charts[0].data)
    assert (len(weeks["labels"]), weeks["labels"][-1]) == (13, "3 Mar – 9 Mar")


# --- what waits


def test_queues_are_counted_for_those_who_may_see_them(
    administrator: Client, seller: Client, organization: Organization, anna: Customer, till: Till, indiranagar: Till
) -> None:
    twin = register(indiranagar, mobile="9812300002")
    ask(till, "mobile", "9812300001", "9812300004")
    ask(indiranagar, "mobile", "9812300002", "9812300003")
    first, second = sorted([anna.pk, twin.pk])
    DuplicateCandidate.objects.create(
        organization=organization, first_id=first, second_id=second, evidence=["CARD"], found_on=clock.now()
    )
    for customer, due in ((anna, -1), (twin, -1), (anna, 1)):
        TicketFactory(
            customer=customer, till=till, subject=f"Due {customer.pk} {due}", due_at=clock.now() + timedelta(hours=due)
        )
    ImportRun.objects.create(
        organization=organization, command="import_x", filename="x", started_at=clock.now() - timedelta(days=1)
    )
    DeliveryFactory(endpoint=EndpointFactory(organization=organization), state="FAILED", finished_at=clock.now())
    answer = administrator.get("/admin/")
    assert queues_of(answer) == [
        ("Overdue tickets", "2"),
        ("Identity requests", "2"),
        ("Likely duplicates", "1"),
        ("Failed webhooks", "1"),
        ("Failed imports", "1"),
    ]
    for queue, count in answer.context["queues"]:
        assert len(shown(administrator.get(queue.address))) == int(count), queue.title
    assert queues_of(seller.get("/admin/")) == [("Overdue tickets", "1"), ("Identity requests", "1")]
    page = strip_tags(answer.content.decode())
    assert "Nothing. All done." not in page


def test_nothing_waits(administrator: Client) -> None:
    assert "Nothing. All done." in administrator.get("/admin/").content.decode()


@pytest.mark.usefixtures("march")
def test_open_tickets_are_counted_by_age(administrator: Client, anna: Customer, till: Till) -> None:
    for number, opened in enumerate(
        ("2026-03-10 08:00:00", "2026-03-09 00:00:00", "2026-03-06 10:00:00", "2025-12-01 10:00:00")
    ):
        TicketFactory(customer=anna, till=till, subject=f"Ticket {number}", created_at=at(opened))
    ages = administrator.get("/admin/").context["ages"]
    assert [(age.label, age.count) for age in ages] == [
        ("today or yesterday", 2), ("2 or 3 days ago", 0), ("4 to 7 days ago", 1), ("earlier", 1),
    ]  # fmt: skip
    for age in ages:
        assert len(shown(administrator.get(age.address))) == age.count


# --- who sees what else


def test_a_cashier_finds_or_signs_up_a_customer(seller: Client, anna: Customer, indiranagar: Till) -> None:
    register(indiranagar, mobile="9812300002")
    answer = seller.get("/admin/")
    page = answer.content.decode()
    assert "Find a customer" in page
    assert "/admin/customers/customer/add/" in page
    assert [row[0] for row in table_texts(answer.context["newest"])] == [str(anna)]


def test_the_sidebar_of_a_cashier_is_shorter(seller: Client, organization: Organization, store: Store) -> None:
    def titles(client: Client) -> set[str]:
        groups = client.get("/admin/").context["sidebar_navigation"]
        return {item["title"] for group in groups for item in group["items"] if item["has_permission"]}

    manager = log_in(StaffMemberFactory(organization=organization, role="store_manager", stores=[store]))
    assert titles(seller) == {
        "Start", "Customers", "Identity requests", "Cards", "Tickets", "Bills", "Notes", "Redemptions", "Coupons",
    }  # fmt: skip
    assert titles(seller) < titles(manager)


def test_who_was_merged_is_not_among_the_newest(seller: Client, anna: Customer, till: Till) -> None:
    twin = register(till, mobile="9812300002")
    merge_customers(survivor=anna.pk, victim=twin.pk, by=till_actor(till))
    assert [row[0] for row in table_texts(seller.get("/admin/").context["newest"])] == [str(anna)]


def test_an_operator_sees_the_organizations(operator: Client, anna: Customer, stranger: Till) -> None:
    answer = operator.get("/admin/")
    assert [row[1] for row in table_texts(answer.context["organizations"])] == ["bazaar", "northwind"]
    assert "Find a customer" in answer.content.decode()
    assert "pulse" not in answer.context


def test_who_has_no_role_sees_nothing(organization: Organization) -> None:
    answer = log_in(StaffMemberFactory(organization=organization, role="")).get("/admin/")
    assert answer.context["queues"] == []
    assert "pulse" not in answer.context
    assert "newest" not in answer.context
    assert "Find a customer" not in answer.content.decode()
    assert "Waiting for you" not in answer.content.decode()


# --- what it costs


@pytest.mark.usefixtures("march")
def test_the_page_costs_the_same_however_much_there_is(
    administrator: Client,
    organization: Organization,
    till: Till,
    indiranagar: Till,
    gold: Tier,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    refresh_figures(organization)
    administrator.get("/admin/")
    buy(till, member(till, tier=gold), "2026-03-09 18:00:00")
    refresh_figures(organization)
    administrator.get("/admin/")
    with django_assert_num_queries(14):
        administrator.get("/admin/")
    trade(till, indiranagar, gold)
    refresh_figures(organization)
    assert FiguresRefresh.objects.count() == 3
    with django_assert_num_queries(14):
        administrator.get("/admin/")
