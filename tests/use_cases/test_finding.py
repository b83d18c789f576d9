"""What the search box finds across apps: by permission, organization and stores."""

from dataclasses import replace

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.points.models import PointsAccount
from engagement.programs.models import Membership, Program
from loyalty_project.db.timeouts import TookTooLongError
from organizations.audit.actors import staff_actor
from organizations.locations.models import Till
from organizations.staff.models import StaffMember
from organizations.staff.reach import UNLIMITED, StaffReach, reach_of
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.back_office import page_of, register
from tests.factories.bills import BillFactory, at
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.coupons import hold, open_series
from tests.factories.locations import till_actor
from tests.factories.programs import TierFactory
from tests.factories.staff import StaffMemberFactory
from tests.factories.tickets import TicketFactory
from use_cases import finding
from use_cases.finding import Findings, Hit, Seeker, find

CUSTOMERS = "customers_customer"


def seeker_of(member: StaffMember) -> Seeker:
    """A member of staff as the pages of the search box make one."""
    organization = member.organization
    assert organization is not None
    reach = reach_of(member)
    return Seeker(organizations=[organization], reach=reach, actor=replace(staff_actor(member, organization), reach=reach))


@pytest.fixture
def everywhere(organization: Organization) -> Seeker:
    """Staff who see all stores."""
    return seeker_of(StaffMemberFactory(organization=organization, role="org_admin", username="asha"))


@pytest.fixture
def at_mg_road(till: Till) -> Seeker:
    """Staff of MG Road alone."""
    return seeker_of(StaffMemberFactory(organization=till.organization, role="store_staff", stores=[till.store]))


def found(term: str, seeker: Seeker) -> Findings:
    return find(term, by=seeker, limit=10)


def titles(term: str, seeker: Seeker) -> list[tuple[str, str]]:
    return [(hit.title, hit.why) for hit in found(term, seeker).hits]


def without(seeker: Seeker, permission: str) -> Seeker:
    return replace(seeker, reach=replace(seeker.reach, permissions=seeker.reach.permissions - {permission}))


# --- customers


def test_a_hit_shows_identifiers_points_tier_and_store(anna: Customer, till: Till, everywhere: Seeker) -> None:
    program = Program.objects.get(is_default=True)
    Membership.objects.update(tier=TierFactory(program=program, name="Gold"), tier_since=anna.registered_on)
    PointsAccount.objects.update_or_create(
        customer=anna, program=program, organization=anna.organization, defaults={"balance": 1250, "lifetime": 1250}
    )
    assert found("0001", everywhere).hits == [
        Hit(
            title="Anna Rao",
            why="mobile ends 0001",
            address=page_of(CUSTOMERS, anna),
            icon="person",
            is_whole=False,
            lines=["+91 98123 00001 · NW-0001 · anna.rao@example.com"],
            points="1,250 points",
            tier="Gold",
            store="MG Road",
        )
    ]


@pytest.mark.parametrize(
    ("term", "why"),
    [
        ("9812300001", "mobile +91 98123 00001"),
        ("anna.rao@example.com", "e-mail anna.rao@example.com"),
        ("nw-0001", "external id NW-0001"),
        ("GOLD0001", "card GOLD0001"),
    ],
)
def test_a_whole_identifier_or_card_is_clear(anna: Customer, everywhere: Seeker, term: str, why: str) -> None:
    CardFactory(series=CardSeriesFactory(organization=anna.organization), number="GOLD0001", customer=anna)
    hit = found(term, everywhere).clear_hit
    assert hit is not None
    assert (hit.why, hit.address) == (why, page_of(CUSTOMERS, anna))


@pytest.mark.parametrize("term", ["anna", "anna rao", "0001", "98123", "ann rao", "anan rao"])
def test_other_matches_leave_the_choice_to_the_user(anna: Customer, everywhere: Seeker, term: str) -> None:
    assert len(found(term, everywhere).hits) == 1
    assert found(term, everywhere).clear_hit is None


def test_a_customer_id_is_clear_unless_it_may_be_something_else(anna: Customer, till: Till, everywhere: Seeker) -> None:
    assert [(hit.why, hit.is_whole) for hit in found(str(anna.pk), everywhere).hits] == [(f"customer id {anna.pk}", True)]
    register(till, external_id=f"{anna.pk}5")
    assert found(str(anna.pk), everywhere).clear_hit is None


def test_a_short_number_is_clear_if_nothing_else_matches(till: Till, everywhere: Seeker) -> None:
    whole = register(till, external_id="5678")
    clear = found("5678", everywhere).clear_hit
    assert clear is not None
    assert clear.address == page_of(CUSTOMERS, whole)
    register(till, mobile="9812345678")
    assert found("5678", everywhere).clear_hit is None
    register(till, external_id="12345678")
    assert found("12345678", everywhere).clear_hit is not None


def test_more_customers_than_shown_are_announced(till: Till, everywhere: Seeker) -> None:
    for number in range(3):
        register(till, firstname="Bela", mobile=f"981230000{number}")
    assert find("bela", by=everywhere, limit=2).is_cut
    assert not find("bela", by=everywhere, limit=3).is_cut


def test_customers_of_other_stores_and_organizations_are_not_found(
    anna: Customer, indiranagar: Till, stranger: Till, at_mg_road: Seeker, everywhere: Seeker
) -> None:
    register(indiranagar, firstname="Anna", lastname="Elsewhere", mobile="9812390001")
    register(stranger, firstname="Anna", lastname="Abroad", mobile="9812380001")
    for term in ("anna", "0001", "98123"):
        assert [title for title, _ in titles(term, at_mg_road)] == ["Anna Rao"]
        assert {title for title, _ in titles(term, everywhere)} == {"Anna Rao", "Anna Elsewhere"}


def test_an_operator_finds_customers_of_every_organization(anna: Customer, stranger: Till) -> None:
    register(stranger, firstname="Anna", mobile="9812300001")
    with unscoped("as an operator"):
        operator = Seeker(organizations=list(Organization.objects.all()), reach=UNLIMITED, actor=None)
        assert len(found("9812300001", operator).hits) == 2
        assert found("9812300001", operator).clear_hit is None
        assert found("anan", operator).hits == []


def test_without_the_permission_to_view_customers_nothing_is_found(anna: Customer, everywhere: Seeker) -> None:
    BillFactory(customer=anna, number="9812300001")
    assert found("9812300001", without(everywhere, "customers.view_customer")) == Findings(term="")
    assert found("9812300001", replace(everywhere, reach=StaffReach())) == Findings(term="")


# --- coupons, bills, tickets, cards


def test_a_coupon_leads_to_its_owner(anna: Customer, till: Till, everywhere: Seeker) -> None:
    coupon = hold(anna, open_series(anna.organization), by=till_actor(till))
    hit = found(coupon.code.lower(), everywhere).clear_hit
    assert hit is not None
    assert (hit.title, hit.why, hit.address) == ("Anna Rao", f"coupon {coupon.code}, unused", page_of(CUSTOMERS, anna))
    assert found(coupon.code, without(everywhere, "engagement.view_coupon")).hits == []


def test_a_printed_coupon_leads_to_its_own_page(anna: Customer, till: Till, everywhere: Seeker, at_mg_road: Seeker) -> None:
    coupon = hold(anna, open_series(anna.organization), by=till_actor(till))
    type(coupon).objects.update(customer=None, issued_to=None)
    hit = found(coupon.code, everywhere).clear_hit
    assert hit is not None
    assert (hit.title, hit.address) == (f"Coupon {coupon.code}", page_of("engagement_coupon", coupon))
    assert found(coupon.code, at_mg_road).hits == []


def test_a_bill_number_leads_to_the_latest_bills(anna: Customer, till: Till, everywhere: Seeker) -> None:
    older = BillFactory(customer=anna, till=till, number="B-17", billed_at=at("2026-01-05 12:00:00"))
    assert titles("B-17", everywhere) == [("Bill B-17", "bill number")]
    hit = found("B-17", everywhere).clear_hit
    assert hit is not None
    assert (hit.address, hit.lines) == (page_of("engagement_bill", older), ["Anna Rao · 2026-01-05 · 100.00 INR"])
    newer = BillFactory(customer=None, till=till, number="B-17", billed_at=at("2026-01-06 12:00:00"))
    hits = found("B-17", everywhere).hits
    assert [hit.address for hit in hits] == [page_of("engagement_bill", bill) for bill in (newer, older)]
    assert found("B-17", everywhere).clear_hit is None
    assert found("B-17", without(everywhere, "engagement.view_bill")).hits == []
    assert found("B-1", everywhere).hits == []


def test_a_ticket_code_leads_to_the_ticket(anna: Customer, everywhere: Seeker) -> None:
    ticket = TicketFactory(customer=anna, code="looi4a9w1", subject="Broken kettle")
    hit = found("LOOI4A9W1", everywhere).clear_hit
    assert hit is not None
    assert (hit.title, hit.address) == ("Ticket looi4a9w1", page_of("tickets_ticket", ticket))
    assert hit.lines == ["Anna Rao · Broken kettle"]
    assert found("looi4a9w1", without(everywhere, "tickets.view_ticket")).hits == []


def test_a_card_of_no_customer_leads_to_its_own_page(till: Till, everywhere: Seeker, at_mg_road: Seeker) -> None:
    card = CardFactory(series=CardSeriesFactory(organization=till.organization), number="GOLD0001", customer=None)
    hit = found("gold0001", everywhere).clear_hit
    assert hit is not None
    assert (hit.title, hit.address) == ("Card GOLD0001", page_of("customers_card", card))
    assert found("gold0001", without(everywhere, "customers.view_card")).hits == []
    assert found("gold0001", at_mg_road).hits == []


def test_things_of_other_stores_and_organizations_are_not_found(
    anna: Customer, till: Till, indiranagar: Till, stranger: Till, at_mg_road: Seeker, everywhere: Seeker
) -> None:
    for place, name in ((indiranagar, "far"), (stranger, "out")):
        with organization_scope(place.organization_id):
            other = register(place, mobile="9812390001", firstname=name)
            BillFactory(customer=other, till=place, number=f"B-{name}")
            TicketFactory(customer=other, code=f"ticket{name}")
            hold(other, open_series(place.organization), by=till_actor(place), code=f"COUPON{name}")
    for kind in ("B-", "ticket", "COUPON"):
        assert found(f"{kind}far", at_mg_road).hits == []
        assert len(found(f"{kind}far", everywhere).hits) == 1
        assert found(f"{kind}out", everywhere).hits == []


def test_bills_that_staff_of_a_store_see_are_those_of_the_list(
    anna: Customer, till: Till, indiranagar: Till, at_mg_road: Seeker, seller: Client
) -> None:
    other = register(indiranagar, mobile="9812390001")
    here = BillFactory(customer=other, till=till, number="B-17")
    away = BillFactory(customer=anna, till=indiranagar, number="B-17")
    BillFactory(customer=other, till=indiranagar, number="B-17", billed_at=at("2026-01-07 12:00:00"))
    assert {hit.address for hit in found("B-17", at_mg_road).hits} == {
        page_of("engagement_bill", bill) for bill in (here, away)
    }
    answer = seller.get("/admin/find/", {"q": "B-17"}).content.decode()
    assert "a customer of another store" in answer


# --- costs and limits


def test_a_search_costs_the_same_for_a_few_hits(
    anna: Customer, till: Till, at_mg_road: Seeker, everywhere: Seeker, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    found("anna", everywhere)  # reads the configuration
    # Time limit (3), look-ups (3), coupons, bills, cards; customers, identifiers, balances, version of the configuration.
    with django_assert_num_queries(14):
        assert len(found("anna", everywhere).hits) == 1
    for number in (2, 3):
        register(till, firstname="Anna", mobile=f"981230000{number}")
    with django_assert_num_queries(14):
        assert len(found("anna", everywhere).hits) == 3
    # No cards; external ids and cards of other stores.
    with django_assert_num_queries(15):
        assert len(found("anna", at_mg_road).hits) == 3


@pytest.mark.parametrize("term", ["", "  ", "\x00", "anna\x00", "\ud800", "9" * 10_000, "x" * 301, "\u200b"])
def test_an_unusable_term_asks_no_query(
    anna: Customer, everywhere: Seeker, term: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert found(term, everywhere) == Findings(term="")


@given(st.text(st.characters(codec=None), max_size=350))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_answered(anna: Customer, everywhere: Seeker, at_mg_road: Seeker, term: str) -> None:
    for seeker in (everywhere, at_mg_road):
        assert found(term, seeker).took_too_long is False


def test_a_search_that_takes_too_long_ends(anna: Customer, everywhere: Seeker, monkeypatch: pytest.MonkeyPatch) -> None:
    def be_slow(*_args: object, **_options: object) -> None:
        raise TookTooLongError

    monkeypatch.setattr(finding, "find_matches", be_slow)
    assert found("anna", everywhere) == Findings(term="anna", took_too_long=True)
