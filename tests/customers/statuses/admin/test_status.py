"""Customer statuses in the back office: the labels, and the page on which a customer gets one."""

from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from psycopg.errors import LockNotAvailable
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from customers.statuses.models import CustomerStatus
from loyalty_project.protocol.codes import Transport
from organizations.audit.models import AuditEntry
from organizations.back_office.refusals import sentence_of
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.back_office import errors_of, filled_form, list_of, page_of, register, shown
from tests.customers.profile.admin.forms import change, edit_page
from tests.factories.locations import till_actor
from tests.factories.statuses import CustomerStatusFactory, label
from use_cases.merging import merge_customers

STATUSES = "customers_customerstatus"
CUSTOMERS = "customers_customer"
ADD = "/admin/customers/customerstatus/add/"


@pytest.fixture
def held(organization: Organization) -> CustomerStatus:
    return CustomerStatusFactory(organization=organization, blocks=["points_redeem", "transactions"], label="On hold")


def set_status(browser: Client, customer: Customer, given: CustomerStatus | None, reason: str = "Odd returns") -> HttpResponse:
    typed = {"label": given.pk if given else "", "reason": reason}
    return browser.post(status_page(customer), typed)


def status_page(customer: Customer) -> str:
    return reverse("admin:customers_customer_set_status", args=[customer.pk])


# --- labels


def test_a_label_is_added_and_what_it_forbids_is_changed(administrator: Client, organization: Organization) -> None:
    typed: dict[str, Any] = {"status": "SUSPENDED", "label": "On hold", "blocks": ["points_redeem"], "is_active": "on"}
    assert administrator.post(ADD, typed).status_code == 302
    status = CustomerStatus.objects.get()
    assert (status.status, status.label, status.blocks, status.is_active) == ("SUSPENDED", "On hold", ["points_redeem"], True)
    assert errors_of(administrator.post(ADD, typed)) == {"label": ["Is taken already."]}
    page = page_of(STATUSES, status)
    changed = filled_form(administrator, page, blocks=["points_redeem", "promotions"])
    assert administrator.post(page, changed).status_code == 302
    status.refresh_from_db()
    assert status.blocks == ["points_redeem", "promotions"]
    entries = AuditEntry.objects.filter(object_type="customerstatus").order_by("pk")
    assert [entry.action for entry in entries] == ["created", "changed"]


@pytest.mark.parametrize("count", [1, 3])
def test_labels_are_listed_with_what_they_forbid_and_for_how_many(
    administrator: Client,
    organization: Organization,
    anna: Customer,
    held: CustomerStatus,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    CustomerStatusFactory.create_batch(count - 1, organization=organization)
    label(anna, held)
    # Session, member of staff, the limit to stores, the number of rows twice, rows.
    with django_assert_num_queries(7):
        answer = administrator.get(list_of(STATUSES))
    assert [row.customer_count for row in shown(answer) if row.pk == held.pk] == [1]
    page = answer.content.decode()
    assert "redeeming points, bills and returns" in page
    assert "suspended" in page


def test_store_staff_see_no_labels(seller: Client, held: CustomerStatus) -> None:
    assert seller.get(list_of(STATUSES)).status_code == 403


# --- giving one


def test_a_customer_gets_a_label_for_a_reason(administrator: Client, anna: Customer, held: CustomerStatus) -> None:
    page = administrator.get(status_page(anna)).content.decode()
    assert "On hold (suspended)" in page
    assert "redeeming points, bills and returns" in page
    assert "the fraud status counts" in page
    assert set_status(administrator, anna, held).status_code == 302
    anna.refresh_from_db()
    assert (anna.status_label, anna.status_reason, anna.status_changed_by) == (held, "Odd returns", "staff:asha")
    answer = administrator.get(page_of(CUSTOMERS, anna))
    assert [str(message) for message in answer.context["messages"]] == ["Anna Rao is now On hold."]
    text_of_page = answer.content.decode()
    for text in (
        "<b>On hold</b>",
        "Forbidden: redeeming points, bills and returns.",
        "asha (staff)",
        "“Odd returns”",
        "SUSPENDED: On hold",
    ):
        assert text in text_of_page
    assert "since" in administrator.get(status_page(anna)).content.decode()


def test_a_label_is_taken_away_and_given_only_once(administrator: Client, anna: Customer, held: CustomerStatus) -> None:
    set_status(administrator, anna, held)
    administrator.get("/admin/")
    set_status(administrator, anna, held)
    messages = administrator.get("/admin/").context["messages"]
    assert [str(message) for message in messages] == ["Anna Rao is already On hold, for the same reason. Nothing was changed."]
    set_status(administrator, anna, None, "Looked into")
    anna.refresh_from_db()
    assert (anna.status_label, anna.status_reason) == (None, "Looked into")


def test_no_status_changes_silently(administrator: Client, anna: Customer, held: CustomerStatus) -> None:
    answer = set_status(administrator, anna, held, "")
    assert answer.context["form"].errors == {"reason": ["This field is required."]}  # type: ignore[attr-defined]
    anna.refresh_from_db()
    assert anna.status_label is None


def test_an_inactive_label_is_kept_but_not_given(administrator: Client, anna: Customer, held: CustomerStatus) -> None:
    set_status(administrator, anna, held)
    CustomerStatus.objects.update(is_active=False)
    assert "On hold (suspended)" not in administrator.get(status_page(anna)).content.decode()
    assert set_status(administrator, anna, held, "again").context["form"].errors["label"]  # type: ignore[attr-defined]
    assert "The organization has no statuses." in administrator.get(status_page(anna)).content.decode()
    assert "On hold" in administrator.get(page_of(CUSTOMERS, anna)).content.decode()


def test_without_permission_no_status_is_set(seller: Client, auditor: Client, anna: Customer, held: CustomerStatus) -> None:
    for browser in (seller, auditor):
        assert set_status(browser, anna, held).status_code == 403
        assert status_page(anna) not in browser.get(page_of(CUSTOMERS, anna)).content.decode()
    assert Customer.objects.get().status_label is None


def test_the_switch_replaces_the_fraud_status_by_the_label(
    administrator: Client, organization: Organization, anna: Customer
) -> None:
    page = page_of(CUSTOMERS, anna)
    assert status_page(anna) not in administrator.get(page).content.decode()
    assert set_status(administrator, anna, None).status_code == 403
    assert "fraud_status" in filled_form(administrator, edit_page(anna))
    CustomerStatusFactory(organization=organization)
    assert status_page(anna) in administrator.get(page).content.decode()
    assert "fraud_status" not in filled_form(administrator, edit_page(anna))


def test_a_customer_out_of_sight_gets_no_label(administrator: Client, stranger: Till, held: CustomerStatus) -> None:
    answer = set_status(administrator, register(stranger, mobile="9812300002"), held)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


def test_a_locked_customer_is_reported(
    administrator: Client, anna: Customer, held: CustomerStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never_free(*_asked: Any) -> Any:
        error = OperationalError("lock not available")
        error.__cause__ = LockNotAvailable()
        raise error

    monkeypatch.setattr("customers.profile.locks.lock_rows", never_free)
    answer = set_status(administrator, anna, held)
    assert answer.context["form"].non_field_errors() == [sentence_of(Transport.BUSY)]  # type: ignore[attr-defined]


def test_the_status_of_a_merged_customer_is_that_of_who_they_became(
    administrator: Client, anna: Customer, till: Till, held: CustomerStatus
) -> None:
    twin = register(till, mobile="9812300002")
    merge_customers(survivor=anna.pk, victim=twin.pk, by=till_actor(till))
    answer = set_status(administrator, twin, held)
    assert (answer.status_code, answer.headers["Location"]) == (302, status_page(anna))
    twin.refresh_from_db()
    assert twin.status_label is None


def test_customers_are_narrowed_by_label(administrator: Client, anna: Customer, till: Till, held: CustomerStatus) -> None:
    register(till, mobile="9812300002")
    label(anna, held)
    assert shown(administrator.get(list_of(CUSTOMERS), {"status": held.pk})) == [anna]


# --- what a label means for the form


@pytest.mark.parametrize("status", ["DELETED", "PENDING_DELETION"])
def test_a_leaving_account_is_changed_no_more(
    administrator: Client, organization: Organization, anna: Customer, status: str
) -> None:
    label(anna, CustomerStatusFactory(organization=organization, status=status))
    errors = errors_of(change(administrator, anna, lastname="Iyer"))
    assert errors == {
        "__all__": [
            "The customer was not changed. (1024) The account is deleted or will be deleted: only its status can be changed."
        ]
    }
