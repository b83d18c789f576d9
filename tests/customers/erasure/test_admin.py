"""The pages on which staff erase and export a person's data, and the certificates."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from customers.erasure.models import Erasure
from customers.profile.models import Customer
from organizations.locations.models import Till
from tests.back_office import list_of, page_of, register

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha(till: Till) -> Customer:
    return register(till, mobile="9812312345", firstname="Asha")


def erase_page(customer: Customer) -> str:
    return reverse("admin:customers_customer_erase", args=[customer.pk])


def export_page(customer: Customer) -> str:
    return reverse("admin:customers_customer_export_person", args=[customer.pk])


def erase(browser: Client, customer: Customer) -> Erasure:
    typed = {"basis": "Request 17", "repeated_id": str(customer.pk)}
    answer = browser.post(erase_page(customer), typed)
    certificate = Erasure.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page_of("customers_erasure", certificate))
    return certificate


def test_an_erasure_leads_to_its_certificate(administrator: Client, asha: Customer) -> None:
    certificate = erase(administrator, asha)
    page = administrator.get(page_of("customers_erasure", certificate)).content.decode()
    assert certificate.digest in page
    assert "unchanged" in page
    assert "Request 17" in page
    listed = administrator.get(list_of("customers_erasure")).content.decode()
    assert f"Erased customer {asha.pk}" in listed


def test_the_id_is_typed_again_and_a_basis_is_named(administrator: Client, asha: Customer) -> None:
    answer = administrator.post(erase_page(asha), {"basis": "", "repeated_id": "1"})
    assert answer.context["form"].errors == {
        "basis": ["This field is required."],
        "repeated_id": [f"This page is about customer {asha.pk}."],
    }
    assert not Erasure.objects.exists()


def test_the_page_of_an_erased_customer_says_so(administrator: Client, asha: Customer) -> None:
    erase(administrator, asha)
    page = administrator.get(page_of("customers_customer", asha))
    assert "Personal data erased" in page.content.decode()
    assert "9812312345" not in page.content.decode()
    assert administrator.get(erase_page(asha))["Location"] == page_of("customers_customer", asha)


def test_an_export_is_a_page_and_a_file(administrator: Client, asha: Customer) -> None:
    assert "919812312345" in administrator.get(export_page(asha)).content.decode()
    file = administrator.get(f"{export_page(asha)}?format=json")
    assert f'filename="customer-{asha.pk}.json"' in file["Content-Disposition"]
    assert json.loads(file.content)["data"]["Customers"][0]["firstname"] == "Asha"


def test_staff_of_a_shop_neither_erase_nor_export(seller: Client, auditor: Client, asha: Customer) -> None:
    for browser in (seller, auditor):
        assert browser.get(erase_page(asha)).status_code == 403
        assert browser.get(export_page(asha)).status_code == 403
