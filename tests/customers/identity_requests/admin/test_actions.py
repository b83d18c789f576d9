"""What staff do about a customer's identifiers, on two pages beside the customer's own."""

import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from psycopg.errors import LockNotAvailable

from customers.identifiers.models import Identifier
from customers.identity_requests.models import IdentityRequest
from customers.profile.models import Customer
from customers.validation_codes.models import ValidationCode
from customers.validation_codes.services import Purpose, issue_code
from loyalty_project import clock
from loyalty_project.phone_numbers import format_mobile
from loyalty_project.protocol.codes import Code
from organizations.audit.models import AuditEntry
from organizations.back_office.refusals import sentence_of
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.back_office import page_of, register
from tests.factories.identity_requests import known_by, set_flags, staff
from use_cases.merging import merge_customers

CUSTOMERS = "customers_customer"
OLD, NEW, OTHER = "919812300001", "919812300009", "919812300002"
WISH = {"kind": "mobile", "new_value": "98123 00009", "comments": "Seen the passport"}


def change_page(customer: Customer) -> str:
    return reverse("admin:customers_customer_request_change", args=[customer.pk])


def code_page(customer: Customer) -> str:
    return reverse("admin:customers_customer_issue_code", args=[customer.pk])


def never_free(*_asked: Any) -> Any:
    error = OperationalError("lock not available")
    error.__cause__ = LockNotAvailable()
    raise error


def messages_of(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


@pytest.fixture
def asks_for_codes(organization: Organization) -> None:
    organization.identity_verification = {"mandatory": ["firstname"], "otp": True}
    organization.save()


# --- asking for a change


def test_a_change_requested_by_staff_waits_for_a_second_person(seller: Client, anna: Customer, asks_for_codes: None) -> None:
    assert change_page(anna) in seller.get(page_of(CUSTOMERS, anna)).content.decode()
    choices = seller.get(change_page(anna)).context["form"].fields["kind"].choices
    assert sorted(kind for kind, _ in choices) == ["email", "external_id", "mobile"]
    answer = seller.post(change_page(anna), WISH, follow=True)
    assert answer.redirect_chain == [(page_of(CUSTOMERS, anna), 302)]
    assert messages_of(answer) == [f"Sent for approval: mobile {format_mobile(NEW)}. A colleague has to approve it."]
    request = IdentityRequest.objects.get()
    assert (request.customer, request.old_value, request.new_value) == (anna, OLD, NEW)
    assert (request.requested_by, request.source, request.comments) == ("staff:robin", "BACK_OFFICE", "Seen the passport")
    page = answer.content.decode()
    assert "Identity requests" in page
    assert "robin (staff)" in page


def test_an_approval_by_policy_is_reported(seller: Client, organization: Organization, anna: Customer) -> None:
    set_flags(organization, CI_MOBILE_AUTO_APPROVE=1)
    answer = seller.post(change_page(anna), WISH, follow=True)
    assert messages_of(answer) == [f"The customer's mobile is now {format_mobile(NEW)}."]
    assert known_by(anna)["mobile"] == NEW


def test_a_value_of_another_customer_is_reported(seller: Client, till: Till, anna: Customer) -> None:
    register(till, firstname="Usha", mobile=OTHER)
    (message,) = messages_of(seller.post(change_page(anna), {**WISH, "new_value": OTHER}, follow=True))
    assert message.startswith(f"Requested: {format_mobile(OTHER)}. It belongs to Usha, who would be merged into this customer")


@pytest.mark.parametrize(
    ("wish", "fields"),
    [
        ({"kind": "fax"}, ["kind"]),
        ({"new_value": " "}, ["new_value"]),
        ({"new_value": "12ab"}, ["new_value"]),
        ({"new_value": OLD}, ["new_value"]),
        ({"kind": "external_id", "new_value": "NW-2"}, ["new_value"]),
        ({"comments": "x" * 251}, ["comments"]),
    ],
)
def test_a_refused_value_is_shown_at_its_field(seller: Client, anna: Customer, wish: dict[str, str], fields: list[str]) -> None:
    answer = seller.post(change_page(anna), {**WISH, **wish})
    assert list(answer.context["form"].errors) == fields
    assert not IdentityRequest.objects.exists()


def test_a_refusal_of_the_customer_is_shown_above_the_form(seller: Client, anna: Customer) -> None:
    Customer.objects.filter(pk=anna.pk).update(fraud_status="CONFIRMED")
    answer = seller.post(change_page(anna), WISH)
    assert answer.context["form"].errors["__all__"] == [sentence_of(Code.FRAUD)]
    assert "customer is marked as fraud" in answer.content.decode()


def test_a_customer_without_identifiers_has_none_to_change(administrator: Client, organization: Organization) -> None:
    moment = clock.now()
    nobody = Customer.objects.create(organization=organization, registered_on=moment, updated_on=moment)
    assert "no identifier that can be changed" in administrator.get(change_page(nobody)).content.decode()


def test_who_may_not_ask_is_not_offered_it(
    auditor: Client, seller: Client, anna: Customer, indiranagar: Till, asks_for_codes: None
) -> None:
    assert change_page(anna) not in auditor.get(page_of(CUSTOMERS, anna)).content.decode()
    for page in (change_page(anna), code_page(anna)):
        assert auditor.post(page, WISH).status_code == 403
    other = register(indiranagar, mobile=OTHER)
    for page in (change_page(other), code_page(other)):
        assert seller.post(page, WISH, follow=True).redirect_chain == [("/admin/", 302)]
    assert not IdentityRequest.objects.exists()


# --- one-time codes


def test_a_code_is_shown_to_staff_who_pass_it_on(seller: Client, anna: Customer, asks_for_codes: None) -> None:
    assert code_page(anna) in seller.get(page_of(CUSTOMERS, anna)).content.decode()
    assert "Show code" in seller.get(code_page(anna)).content.decode()
    assert not ValidationCode.objects.exists()
    page = seller.post(code_page(anna)).content.decode()
    match = re.search(r'id="one-time-code">([A-Z0-9]{6})<', page)
    assert match
    issued = issue_code(anna.pk, purpose=Purpose.IDENTITY, by=staff(anna.organization), now=clock.now())
    assert (issued.code, issued.is_new) == (match[1], False)
    entry = AuditEntry.objects.get(action="code issued")
    assert (entry.actor, entry.object_id, entry.new) == ("staff:robin", anna.pk, {"purpose": "identity"})


def test_no_code_is_issued_where_none_is_asked_for(seller: Client, anna: Customer) -> None:
    assert code_page(anna) not in seller.get(page_of(CUSTOMERS, anna)).content.decode()
    assert seller.post(code_page(anna)).status_code == 403


def test_no_code_is_shown_while_another_user_works_on_it(
    seller: Client, anna: Customer, asks_for_codes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customers.profile.locks.lock_rows", never_free)
    page = seller.post(code_page(anna)).content.decode()
    assert "Another action is running for this customer. Try again in a moment." in page
    assert "one-time-code" not in page


def test_an_operator_issues_a_code_for_the_customers_organization(
    operator: Client, anna: Customer, asks_for_codes: None
) -> None:
    assert code_page(anna) in operator.get(page_of(CUSTOMERS, anna)).content.decode()
    assert "one-time-code" in operator.post(code_page(anna)).content.decode()


# --- releasing an inherited value


@pytest.fixture
def inherited(till: Till, organization: Organization, anna: Customer) -> Identifier:
    """A mobile that Anna inherited."""
    victim = register(till, mobile=OTHER)
    merge_customers(survivor=anna.pk, victim=victim.pk, by=staff(organization))
    return Identifier.objects.get(customer=anna, state="MERGED")


def release_page(customer: Customer, identifier: Identifier) -> str:
    return reverse("admin:customers_customer_release", args=[customer.pk, identifier.pk])


def test_staff_release_an_inherited_value_for_a_reason(administrator: Client, anna: Customer, inherited: Identifier) -> None:
    page = release_page(anna, inherited)
    assert page in administrator.get(page_of(CUSTOMERS, anna)).content.decode()
    assert format_mobile(OTHER) in administrator.get(page).content.decode()
    assert administrator.post(page, {"reason": ""}).status_code == 200
    answer = administrator.post(page, {"reason": "Recycled number"}, follow=True)
    assert messages_of(answer) == [f"{format_mobile(OTHER)} no longer finds {anna}."]
    assert known_by(anna, "FORMER") == {"mobile": OTHER}
    entry = AuditEntry.objects.get(action="released")
    assert (entry.actor.split(":")[0], entry.new) == ("staff", {"reason": "Recycled number"})
    history = administrator.get(reverse("admin:customers_customer_history", args=[anna.pk])).content.decode()
    assert "Released" in history
    assert "Recycled number" in history
    again = administrator.post(page, {"reason": "Once more"}, follow=True)
    assert messages_of(again) == ["This value does not come from a merged customer any more."]


def test_only_staff_who_decide_on_identifiers_release_one(
    seller: Client, auditor: Client, anna: Customer, inherited: Identifier
) -> None:
    for browser in (seller, auditor):
        assert release_page(anna, inherited) not in browser.get(page_of(CUSTOMERS, anna)).content.decode()
        assert browser.post(release_page(anna, inherited), {"reason": "Mine"}).status_code == 403
    assert known_by(anna, "MERGED") == {"mobile": OTHER}


def test_the_value_of_another_customer_is_not_released_here(
    administrator: Client, till: Till, anna: Customer, inherited: Identifier
) -> None:
    other = register(till, mobile="919812300077")
    answer = administrator.post(release_page(other, inherited), {"reason": "Whose?"}, follow=True)
    assert messages_of(answer) == ["This value does not come from a merged customer any more."]
    assert known_by(anna, "MERGED") == {"mobile": OTHER}
