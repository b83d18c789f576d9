"""The dialog that corrects the name of a customer."""

import pytest
from django.test import Client

from customers.profile.models import Customer
from organizations.audit.models import AuditEntry
from tests.back_office import page_of
from tests.use_cases.admin.dialogs import address, typed

pytestmark = pytest.mark.django_db


def names(customer: Customer) -> tuple[str, str]:
    customer.refresh_from_db()
    return customer.firstname, customer.lastname


def test_a_name_is_corrected_in_one_step(administrator: Client, anna: Customer) -> None:
    assert address("correct_name", anna) in administrator.get(page_of("customers_customer", anna)).content.decode()
    sent = typed(administrator, "correct_name", anna, firstname="Anna Maria", lastname="D'Souza")
    answer = administrator.post(address("correct_name", anna), sent)
    assert answer["Location"] == page_of("customers_customer", anna)
    assert names(anna) == ("Anna Maria", "D'Souza")
    audited = AuditEntry.objects.get(object_type="customer", action="updated")
    assert audited.new == {"firstname": "Anna Maria", "lastname": "D'Souza"}


def test_a_name_that_changed_meanwhile_is_not_overwritten(administrator: Client, anna: Customer) -> None:
    sent = typed(administrator, "correct_name", anna, firstname="Ann")
    Customer.objects.filter(pk=anna.pk).update(firstname="Anne", version=anna.version + 1)
    shown = administrator.post(address("correct_name", anna), sent)
    assert shown.context["form"].errors
    assert names(anna)[0] == "Anne"


def test_a_form_that_is_sent_twice_counts_once(administrator: Client, anna: Customer) -> None:
    sent = typed(administrator, "correct_name", anna, firstname="Ann")
    for firstname in ("Ann", "Anne"):
        assert administrator.post(address("correct_name", anna), {**sent, "firstname": firstname}).status_code == 302
    assert names(anna)[0] == "Ann"


@pytest.mark.parametrize("firstname", ["", " ", "\x00", "x" * 300, "Ann <b>", "Ann\u2603"])
def test_an_unusable_name_is_an_error_at_its_field(administrator: Client, anna: Customer, firstname: str) -> None:
    before = names(anna)
    sent = typed(administrator, "correct_name", anna, firstname=firstname)
    assert "firstname" in administrator.post(address("correct_name", anna), sent).context["form"].errors
    assert names(anna) == before


def test_who_may_not_change_customers_corrects_no_name(auditor: Client, anna: Customer) -> None:
    assert auditor.get(address("correct_name", anna)).status_code == 403
    assert "Correct the name" not in auditor.get(page_of("customers_customer", anna)).content.decode()
