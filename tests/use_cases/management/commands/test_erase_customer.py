"""Erasing and exporting a customer by command (docs/operating.md)."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from customers.erasure.models import Erasure
from customers.profile.models import Customer
from organizations.tenancy.models import Organization
from tests.factories.customers import CustomerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha(organization: Organization) -> Customer:
    return CustomerFactory(organization=organization, firstname="<b>Asha", with_identifiers=True)


def erase(customer: int, *options: str, code: str = "northwind", basis: str = "Request 17") -> str:
    out = io.StringIO()
    call_command("erase_customer", f"--organization={code}", f"--customer={customer}", f"--basis={basis}", *options, stdout=out)
    return out.getvalue()


def export(customer: int, *options: str, code: str = "northwind") -> str:
    out = io.StringIO()
    call_command("export_customer", f"--organization={code}", f"--customer={customer}", *options, stdout=out)
    return out.getvalue()


def test_it_prints_the_certificate(asha: Customer, tmp_path: Path) -> None:
    file = tmp_path / "errors.csv"
    file.write_text(f"mobile\n{asha.identifiers.get(kind='mobile').value}\n12345678\n")
    printed = erase(asha.pk, f"--file={file}")
    certificate = Erasure.objects.get()
    assert f"Certificate {certificate.pk}: {certificate.digest}" in printed
    assert "       3  Identifiers" in printed
    assert (f"       1  {file}" in printed, file.read_text()) == (True, "mobile\n12345678\n")
    assert (certificate.actor, certificate.basis) == ("command:erase_customer", "Request 17")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"code": "nobody"}, "no organization"),
        ({"basis": " "}, "1 to 250"),
        ({"basis": "x" * 251}, "1 to 250"),
        ({"customer": "1000000000000"}, "no customer"),
        ({"file": "--file=/nowhere/errors.csv"}, "not a file"),
    ],
)
def test_what_it_cannot_do_is_said(asha: Customer, options: dict[str, str], sentence: str) -> None:
    file = [options.pop("file")] if "file" in options else []
    customer = int(options.pop("customer", asha.pk))
    with pytest.raises(CommandError, match=sentence):
        erase(customer, *file, **options)
    asha.refresh_from_db()
    assert asha.erased_at is None


def test_an_export_is_json_and_a_page(asha: Customer, tmp_path: Path) -> None:
    printed = json.loads(export(asha.pk))
    assert printed["data"]["Customers"][0]["firstname"] == "<b>Asha"
    file, page = tmp_path / "asha.json", tmp_path / "asha.html"
    assert export(asha.pk, f"--json={file}", f"--page={page}") == ""
    assert json.loads(file.read_text())["data"] == printed["data"]
    assert "&lt;b&gt;Asha" in page.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("code", "sentence"), [("nobody", "no organization"), ("northwind", "no customer")])
def test_an_export_of_nobody_is_refused(organization: Organization, code: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        export(10**12, code=code)


def test_an_export_into_a_missing_folder_is_refused(asha: Customer) -> None:
    with pytest.raises(CommandError, match="No such file"):
        export(asha.pk, "--json=/nowhere/asha.json")
