"""Staff make one customer of two, see what moved, and undo it; nobody does who may not."""

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags
from psycopg.errors import LockNotAvailable

from customers.merging.models import Merge
from customers.profile import locks
from customers.profile.models import Customer
from loyalty_project.protocol.codes import Transport
from organizations.back_office.refusals import sentence_of
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.back_office import list_of, log_in, page_of, register
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.staff import StaffMemberFactory
from use_cases import merging

pytestmark = pytest.mark.django_db
CUSTOMERS, MERGES = "customers_customer", "customers_merge"


@pytest.fixture
def twin(till: Till) -> Customer:
    return register(till, mobile="9812300002", email="ann@example.com", lastname="Rao")


@pytest.fixture
def merge(administrator: Client, anna: Customer, twin: Customer) -> Merge:
    answer = administrator.post(merge_page(anna, twin), {"reason": "Same address"})
    assert answer.status_code == 302, answer.content.decode()
    return Merge.objects.get()


def merge_page(survivor: Customer, victim: Customer) -> str:
    return reverse("admin:customers_customer_merge", args=[survivor.pk, victim.pk])


def text(client: Client, address: str, **query: str) -> str:
    return client.get(address, query).content.decode()


def test_the_other_account_is_found_and_its_merge_looked_at(administrator, anna, twin):
    page = text(administrator, reverse("admin:customers_customer_find_duplicate", args=[anna.pk]), q="9812300002")
    assert merge_page(anna, twin) in page
    assert merge_page(anna, anna) not in page
    nobody = text(administrator, reverse("admin:customers_customer_find_duplicate", args=[anna.pk]), q="nobody at all")
    assert "No other customer matches." in nobody


def test_what_would_move_is_shown_before_anything_does(organization, administrator, anna, twin):
    series = CardSeriesFactory(organization=organization)
    CardFactory(series=series, number="G7", customer=twin)
    page = text(administrator, merge_page(anna, twin))
    for shown in ("Remains", "Is merged into it", "Cards", "ann@example.com", "+91 98123 00002", merge_page(twin, anna)):
        assert shown in page
    assert not Merge.objects.exists()


def test_a_merge_needs_a_reason_and_shows_on_both_pages(administrator, anna, twin):
    assert "This field is required" in administrator.post(merge_page(anna, twin), {"reason": ""}).content.decode()
    administrator.post(merge_page(anna, twin), {"reason": "Same address"})
    merge = Merge.objects.get()
    assert (merge.actor, merge.reason, merge.source) == ("staff:asha", "Same address", "BACK_OFFICE")
    assert "was merged into this customer" in text(administrator, page_of(CUSTOMERS, anna))
    assert "also +91 98123 00002" in text(administrator, page_of(CUSTOMERS, anna))
    assert f">Anna Rao, customer {anna.pk}</a>" in text(administrator, page_of(CUSTOMERS, twin))


def test_a_refusal_is_shown_above_the_form(administrator, anna, twin):
    Customer.objects.filter(pk=twin.pk).update(fraud_status="CONFIRMED")
    answer = administrator.post(merge_page(anna, twin), {"reason": "Same address"})
    assert "fraud" in answer.content.decode()
    assert not Merge.objects.exists()


def test_locked_customers_are_neither_merged_nor_unmerged(administrator, anna, twin, monkeypatch):
    def never_free(*_asked: object) -> None:
        raise OperationalError from LockNotAvailable()

    def refuse(address: str) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(locks, "lock_rows", never_free)
            patch.setattr(merging, "lock", never_free)
            answer = administrator.post(address, {"reason": "Same address"})
        assert answer.context["form"].non_field_errors() == [sentence_of(Transport.BUSY)]

    refuse(merge_page(anna, twin))
    assert not Merge.objects.exists()
    administrator.post(merge_page(anna, twin), {"reason": "Same address"})
    refuse(reverse("admin:customers_merge_undo", args=[Merge.objects.get().pk]))
    assert Merge.objects.get().undone_at is None


def test_merged_customers_are_listed_only_when_asked_for(administrator, merge, anna, twin):
    shown = {
        "": text(administrator, list_of(CUSTOMERS)),
        "yes": text(administrator, list_of(CUSTOMERS), merged="yes"),
        "all": text(administrator, list_of(CUSTOMERS), merged="all"),
    }
    pages = {customer: page_of(CUSTOMERS, customer) for customer in (anna, twin)}
    assert {key: (pages[anna] in page, pages[twin] in page) for key, page in shown.items()} == {
        "": (True, False),
        "yes": (False, True),
        "all": (True, True),
    }


def test_merges_are_listed_searched_and_filtered(administrator, merge, twin):
    assert "Same address" in text(administrator, list_of(MERGES))
    assert "Same address" in text(administrator, list_of(MERGES), q="anna.rao@example.com")
    assert "Same address" not in text(administrator, list_of(MERGES), q="nobody")
    assert "Same address" in text(administrator, list_of(MERGES), state="active")
    assert "Same address" not in text(administrator, list_of(MERGES), state="undone")
    assert "Identifiers" in text(administrator, page_of(MERGES, merge))


def test_a_merge_is_undone_with_a_reason(administrator, merge, anna, twin):
    page = reverse("admin:customers_merge_undo", args=[merge.pk])
    assert "Everything that moved goes back" in text(administrator, page)
    assert "This field is required" in administrator.post(page, {"reason": " "}).content.decode()
    assert administrator.post(page, {"reason": "Her sister"}).status_code == 302
    merge.refresh_from_db()
    twin.refresh_from_db()
    assert (merge.undone_by, merge.undone_reason, twin.merged_into_id) == ("staff:asha", "Her sister", None)
    assert administrator.post(page, {"reason": "Again"}).status_code == 403
    assert "Her sister" in text(administrator, page_of(MERGES, merge))


def test_a_merge_that_cannot_be_undone_names_the_cause(administrator, merge, anna):
    Customer.objects.filter(pk=anna.pk).update(lastname="Iyer", preferred_store=anna.registered_store)
    anna.identifiers.filter(state="MERGED").update(value="919812300099")
    answer = administrator.post(reverse("admin:customers_merge_undo", args=[merge.pk]), {"reason": "Her sister"})
    assert "Changed since the merge: identifiers" in answer.content.decode()


def test_store_staff_may_not_merge(organization: Organization, anna, twin, merge):
    seller = log_in(StaffMemberFactory(organization=organization, role="store_staff"))
    assert seller.get(merge_page(anna, twin)).status_code == 403
    assert seller.get(reverse("admin:customers_customer_find_duplicate", args=[anna.pk])).status_code == 403
    assert seller.get(list_of(MERGES)).status_code == 200
    assert seller.post(reverse("admin:customers_merge_undo", args=[merge.pk]), {"reason": "x"}).status_code == 403


def test_staff_limited_to_stores_merge_only_visible_customers(organization, anna, indiranagar: Till):
    other = register(indiranagar, mobile="9812300003")
    manager = log_in(StaffMemberFactory(organization=organization, role="store_manager", stores=[anna.registered_store]))
    answer = manager.post(merge_page(anna, other), {"reason": "Same address"})
    assert answer.status_code == 302
    assert not Merge.objects.exists()
    page = text(manager, reverse("admin:customers_customer_find_duplicate", args=[anna.pk]), q="9812300003")
    assert merge_page(anna, other) not in page


def test_customers_of_two_organizations_are_never_one(operator: Client, anna, stranger: Till):
    other = register(stranger, mobile="9812300004")
    operator.post(merge_page(anna, other), {"reason": "Same address"})
    assert not Merge.objects.exists()


def test_unknown_customers_and_merges_lead_back_to_the_start(administrator, anna):
    for address in (
        reverse("admin:customers_customer_find_duplicate", args=[10**9]),
        reverse("admin:customers_customer_merge", args=[anna.pk, 10**9]),
        reverse("admin:customers_merge_undo", args=[10**9]),
    ):
        assert administrator.get(address).headers["Location"] == reverse("admin:index")


def test_the_history_of_a_merge_shows_that_it_was_made_and_undone(administrator, anna, twin, merge):
    history = page_of("customers_merge", merge).replace("/change/", "/history/")
    assert "Merged customer" in " ".join(strip_tags(text(administrator, history)).split())
    assert "No history." not in text(administrator, history)
    administrator.post(page_of("customers_merge", merge).replace("/change/", "/undo/"), {"reason": "Two people"})
    shown = " ".join(strip_tags(text(administrator, history)).split())
    assert "Merge undone customer" in shown
    assert "Two people" in shown
