"""Pages of the search box, as browsers see them."""

import re
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.back_office import log_in, page_of, register
from tests.factories.bills import BillFactory
from tests.factories.customers import CustomerFactory
from tests.factories.staff import StaffMemberFactory
from tests.factories.statuses import CustomerStatusFactory

FIND = "/admin/find/"
HITS = "/admin/find/hits/"
CUSTOMERS = "customers_customer"


def post(browser: Client, term: bytes) -> HttpResponse:
    """The hits of a term whose bytes may be no text."""
    return browser.post(HITS, urlencode({"q": term}), content_type="application/x-www-form-urlencoded")


def card_link(page: str) -> str:
    """The address of the reduced card on a page."""
    found = re.search(r'href="(/admin/find/card/[^"]+)"', page)
    assert found is not None
    return found[1]


def test_every_page_has_the_box_once(administrator: Client, anna: Customer) -> None:
    for address in ("/admin/", FIND, "/admin/customers/customer/", page_of(CUSTOMERS, anna), "/admin/confirm-password/"):
        page = administrator.get(address).content.decode()
        assert page.count(f'data-find="{HITS}"') == 1, address
        assert "find.js" in page


def test_the_box_is_not_shown_to_users_who_may_not_view_customers(organization: Organization) -> None:
    nobody = log_in(StaffMemberFactory(organization=organization, role=""))
    assert "data-find" not in nobody.get("/admin/").content.decode()
    assert nobody.get(FIND, {"q": "anna"}).status_code == 403
    assert nobody.post(HITS, {"q": "anna"}).status_code == 403
    assert nobody.get(reverse("reduced_card", args=["x"])).status_code == 403


def test_visitors_are_sent_to_the_log_in(anna: Customer) -> None:
    for answer in (Client().get(FIND, {"q": "anna"}), Client().post(HITS, {"q": "anna"}), Client().get(f"{FIND}card/x/")):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")


def test_hits_are_posted_with_a_token(anna: Customer, administrator: Client) -> None:
    assert administrator.get(HITS, {"q": "anna"}).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = administrator.cookies
    assert strict.post(HITS, {"q": "anna"}).status_code == 403


def test_hits_are_options_that_lead_to_pages(anna: Customer, administrator: Client) -> None:
    page = administrator.post(HITS, {"q": "anna"}).content.decode()
    assert page.count('role="option"') == 1
    assert f'href="{page_of(CUSTOMERS, anna)}"' in page
    assert "<html" not in page
    assert "Nothing found." in administrator.post(HITS, {"q": "xyz"}).content.decode()
    assert "Nothing found." in administrator.post(HITS).content.decode()


def test_names_are_escaped(organization: Organization, administrator: Client) -> None:
    CustomerFactory(organization=organization, firstname="<b>Bold", firstname_folded="<b>bold")
    for answer in (administrator.post(HITS, {"q": "<b>b"}), administrator.get(FIND, {"q": "<b>b"})):
        page = answer.content.decode()
        assert "&lt;b&gt;Bold" in page
        assert "<b>b" not in page.lower()


def test_a_clear_hit_is_opened_and_others_are_listed(anna: Customer, till: Till, administrator: Client) -> None:
    answer = administrator.get(FIND, {"q": "9812300001"})
    assert (answer.status_code, answer["Location"]) == (302, page_of(CUSTOMERS, anna))
    bill = BillFactory(customer=anna, till=till, number="B-17")
    assert administrator.get(FIND, {"q": "B-17"})["Location"] == page_of("engagement_bill", bill)
    page = administrator.get(FIND, {"q": "anna"}).content.decode()
    assert page_of(CUSTOMERS, anna) in page
    assert 'value="anna"' in page
    assert "Nothing found" in administrator.get(FIND, {"q": "xyz"}).content.decode()


def test_operators_find_in_every_organization(anna: Customer, stranger: Till, operator: Client) -> None:
    other = register(stranger, firstname="Anna", mobile="9812300009")
    page = operator.get(FIND, {"q": "anna"}).content.decode()
    assert page_of(CUSTOMERS, anna) in page
    assert page_of(CUSTOMERS, other) in page
    assert operator.get(f"{FIND}card/x/").status_code == 302


@pytest.mark.parametrize("term", ["\x00", "\ud800", "9" * 10_000, "%", "'", "\\", "\u0345\u0301" * 5000, "a" * 299 + "é"])
def test_odd_terms_are_answered(anna: Customer, administrator: Client, seller: Client, term: str) -> None:
    encoded = {"q": term.encode("utf-8", "surrogatepass")}
    for browser in (administrator, seller):
        assert browser.get(FIND, encoded).status_code == 200
        assert post(browser, encoded["q"]).status_code == 200


@given(st.binary(max_size=400))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_answered(anna: Customer, seller: Client, term: bytes) -> None:
    assert seller.get(FIND, {"q": term}).status_code in {200, 302}
    assert post(seller, term).status_code == 200


# --- customers of other stores


def test_a_customer_of_another_store_opens_as_a_reduced_card(anna: Customer, indiranagar: Till, seller: Client) -> None:
    other = register(indiranagar, firstname="Bela", lastname="Sen", mobile="9812300002", email="bela@example.com")
    listed = seller.post(HITS, {"q": "9812300002"}).content.decode()
    assert "A customer of another store" in listed
    assert "Bela" not in listed
    before = AuditEntry.objects.count()
    answer = seller.get(FIND, {"q": "9812300002"})
    assert answer.status_code == 302
    page = seller.get(answer["Location"]).content.decode()
    assert "Bela Sen" in page
    assert "Club" in page
    assert "Indiranagar" not in page
    assert "9812300002" not in page.replace(" ", "")
    assert "bela@example.com" not in page
    assert page_of(CUSTOMERS, other) not in page
    assert AuditEntry.objects.count() == before + 1
    entry = AuditEntry.objects.latest("pk")
    assert (entry.actor, entry.object_id, entry.new) == ("staff:robin", other.pk, {"reduced_card_found_by": "mobile"})


def test_the_card_shows_the_status_and_what_it_forbids(indiranagar: Till, seller: Client) -> None:
    organization = indiranagar.organization
    organization.flags = {"CONF_CUSTOMER_DEFAULT_STATUS_ENABLED": 1, "CUSTOMERS_OF_OTHER_STORES": "CONTACT"}
    organization.save()
    other = register(indiranagar, firstname="Bela", mobile="9812300002")
    other.status_label = CustomerStatusFactory(organization=organization, label="Watched", blocks=["points_redeem"])
    other.save()
    page = seller.get(seller.get(FIND, {"q": "9812300002"})["Location"]).content.decode()
    for text in ("Watched", "Forbids", "Indiranagar", "+91 98123 00002"):
        assert text in page


def test_a_card_is_opened_by_its_own_finder_alone(indiranagar: Till, seller: Client, store: object) -> None:
    register(indiranagar, firstname="Bela", mobile="9812300002")
    address = card_link(seller.post(HITS, {"q": "9812300002"}).content.decode())
    colleague = log_in(StaffMemberFactory(organization=indiranagar.organization, role="store_staff", stores=[store]))
    for browser, link in ((colleague, address), (seller, f"{FIND}card/forged/")):
        answer = browser.get(link)
        assert (answer.status_code, answer["Location"]) == (302, FIND)
    assert not AuditEntry.objects.filter(action="opened").exists()


def test_the_history_of_the_customer_names_who_opened_the_card(
    indiranagar: Till, seller: Client, administrator: Client
) -> None:
    other = register(indiranagar, firstname="Bela", mobile="9812300002")
    seller.get(seller.get(FIND, {"q": "9812300002"})["Location"])
    page = administrator.get(f"/admin/customers/customer/{other.pk}/history/").content.decode()
    assert "robin (staff)" in page
    assert "reduced card found by" in page


def test_pages_cost_a_fixed_number_of_queries(
    anna: Customer, till: Till, administrator: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    administrator.post(HITS, {"q": "anna"})
    for more in ((), ("9812300002", "9812300003")):
        for mobile in more:
            register(till, firstname="Anna", mobile=mobile)
        with django_assert_num_queries(17):
            administrator.post(HITS, {"q": "anna"})
