"""Codes for customers by command (docs/operating.md)."""

import io

import pytest
from django.core.management import CommandError, call_command

from customers.validation_codes.models import ValidationCode
from customers.validation_codes.services import Purpose, present_code
from loyalty_project import clock
from organizations.audit.models import AuditEntry
from organizations.tenancy.models import Organization
from tests.factories.customers import CustomerFactory

pytestmark = pytest.mark.django_db


def issue(customer: int, *options: str, code: str = "northwind") -> str:
    out, err = io.StringIO(), io.StringIO()
    call_command("issue_otp", "--organization", code, "--customer", str(customer), *options, stdout=out, stderr=err)
    assert err.getvalue().startswith("Good until ")
    return out.getvalue().strip()


@pytest.mark.parametrize("purpose", Purpose)
def test_the_code_is_printed_and_good(organization: Organization, purpose: Purpose) -> None:
    customer = CustomerFactory(organization=organization)
    code = issue(customer.pk, "--purpose", purpose)
    assert issue(customer.pk, "--purpose", purpose) == code
    assert present_code(code, customer_id=customer.pk, purpose=purpose, now=clock.now()) is not None
    assert AuditEntry.objects.get().actor == "command:issue_otp"


def test_without_a_purpose_it_confirms_identity(organization: Organization) -> None:
    issue(CustomerFactory(organization=organization).pk)
    assert ValidationCode.objects.get().purpose == Purpose.IDENTITY


def test_a_code_for_points_may_be_limited(organization: Organization) -> None:
    issue(CustomerFactory(organization=organization).pk, "--purpose", "points", "--points", "12.5")
    assert str(ValidationCode.objects.get().points) == "12.500"


def test_a_missing_customer_and_missing_points_are_refused(organization: Organization) -> None:
    with pytest.raises(CommandError, match="no organization nowhere"):
        issue(1, code="nowhere")
    with pytest.raises(CommandError, match="Northwind has no customer 1"):
        issue(1)
    for points, message in (("x", "not a number"), ("1_0", "not a number"), ("0", "above 0")):
        with pytest.raises(CommandError, match=message):
            issue(1, "--points", points)
