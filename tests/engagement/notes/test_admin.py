"""Notes in the back office: the list, the customer's page, and the page on which staff add one."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.notes.models import Note
from organizations.tenancy.models import Organization
from tests.back_office import list_of, page_of, shown
from tests.factories.customers import CustomerFactory
from tests.factories.notes import NoteFactory

NOTES, CUSTOMERS = "engagement_note", "customers_customer"


def form_of(customer: Customer) -> str:
    return reverse("admin:engagement_note_write", args=[customer.pk])


def panel(browser: Client, customer: Customer) -> str:
    return browser.get(page_of(CUSTOMERS, customer)).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    administrator: Client, organization: Organization, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        NoteFactory(customer=CustomerFactory(organization=organization))
    # Session, member of staff, the limit to stores, the number of notes, notes, the count.
    with django_assert_num_queries(6):
        answer = administrator.get(list_of(NOTES))
    assert len(shown(answer)) == count


def test_staff_add_a_note(seller: Client, anna: Customer) -> None:
    page = seller.get(form_of(anna)).content.decode()
    assert "Everyone who may see the customer can read it" in page
    answer = seller.post(form_of(anna), {"description": "Is \u202eallergic  to nuts"})
    assert answer["Location"] == page_of(CUSTOMERS, anna)
    note = Note.objects.get()
    assert (note.customer, note.description, note.made_by) == (anna, "Is allergic to nuts", "staff:robin")
    assert "Is allergic to nuts" in seller.get(page_of(NOTES, note)).content.decode()


@pytest.mark.parametrize("text", ["", " ", "x" * 256])
def test_a_note_that_says_nothing_or_too_much_is_refused(seller: Client, anna: Customer, text: str) -> None:
    answer = seller.post(form_of(anna), {"description": text})
    assert answer.context["form"].errors["description"]
    assert not Note.objects.exists()


def test_an_unknown_customer_leads_to_the_start_page(seller: Client, anna: Customer) -> None:
    assert seller.get(form_of(Customer(pk=anna.pk + 1000)))["Location"] == "/admin/"


def test_the_customers_page_lists_the_latest_notes(administrator: Client, auditor: Client, anna: Customer) -> None:
    assert "No notes" in panel(administrator, anna)
    for number in range(4):
        NoteFactory(customer=anna, description=f"Note {number}", associate_id="S-7")
    answer = administrator.get(page_of(CUSTOMERS, anna))
    assert [note.description for note in answer.context["page"].notes] == ["Note 3", "Note 2", "Note 1"]
    rows = [row for row in answer.context["timeline"].rows if row.title == "Note"]
    assert (len(rows), rows[0].note) == (4, "Note 3")
    assert rows[0].facts == [("Note", "Note 3"), ("By", "mgroad.till1 (till)"), ("Associate", "S-7")]
    assert form_of(anna) in panel(administrator, anna)
    assert form_of(anna) not in panel(auditor, anna)
    assert auditor.get(form_of(anna)).status_code == 403
