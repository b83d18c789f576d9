"""Removal of single stored values by staff."""

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from customers.erasure.values import RemovalRefusedError, removable_values, remove_value
from customers.field_terms.models import FieldTerm
from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.api import Api, fields
from tests.back_office import page_of, register
from tests.factories.fields import FieldFactory
from tests.factories.identity_requests import staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha(organization: Organization, till: Till) -> Customer:
    FieldFactory(organization=organization, name="hobby")
    return register(
        till,
        mobile="9812312345",
        email="wrong@example.com",
        firstname="Asha",
        lastname="Rao",
        custom_fields=fields(hobby="chess"),
    )


def remove(customer: Customer, key: str) -> None:
    with transaction.atomic():
        remove_value(customer.pk, key, reason="Not hers", by=staff(customer.organization))
    customer.refresh_from_db()


def keys_of(customer: Customer) -> list[str]:
    return [value.name for value in removable_values(customer)]


def test_every_stored_value_can_be_chosen(asha: Customer) -> None:
    assert keys_of(asha) == ["mobile", "email", "First name", "Last name", "hobby"]


def test_a_removed_email_finds_nobody_and_is_free(asha: Customer, till: Till) -> None:
    remove(asha, "email")
    assert Api(till).get("email=wrong@example.com").code == "1012"
    assert Api(till).get(f"id={asha.pk}").item["email"] is None
    assert Api(till).add(mobile="9812354321", email="wrong@example.com").code == "1000"


def test_names_and_answers_are_no_longer_searched(asha: Customer) -> None:
    (hobby,) = (value.key for value in removable_values(asha) if value.name == "hobby")
    remove(asha, "firstname")
    remove(asha, hobby)
    assert (asha.firstname, asha.firstname_folded, asha.field_values, asha.field_values_folded) == ("", "", {}, {})
    assert not FieldTerm.objects.filter(customer=asha).exists()


def test_the_history_has_the_reason_and_not_the_value(asha: Customer) -> None:
    version = asha.version
    remove(asha, "email")
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.new) == ("value removed", {"removed": "email", "reason": "Not hers"})
    assert asha.version == version + 1


def test_the_last_identifier_stays(asha: Customer) -> None:
    remove(asha, "email")
    with pytest.raises(RemovalRefusedError, match="last identifier"):
        remove(asha, "mobile")
    assert Identifier.objects.get(customer=asha).kind == "mobile"


def test_a_value_is_removed_once(asha: Customer) -> None:
    remove(asha, "lastname")
    with pytest.raises(RemovalRefusedError, match="any more"):
        remove(asha, "lastname")


def test_staff_remove_a_value_on_its_page(administrator: Client, asha: Customer) -> None:
    page = reverse("admin:customers_customer_remove_value", args=[asha.pk])
    assert "wrong@example.com" in administrator.get(page).content.decode()
    answer = administrator.post(page, {"key": "email", "reason": "Not hers"})
    assert (answer.status_code, answer["Location"]) == (302, page_of("customers_customer", asha))
    assert not Identifier.objects.filter(value="wrong@example.com").exists()
    refused = administrator.post(page, {"key": "mobile", "reason": "Not hers"})
    assert "last identifier" in refused.content.decode()
