"""One-time codes that customers confirm something with."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pytest_django import Settings

from customers.profile.models import Customer
from customers.validation_codes.models import ValidationCode
from customers.validation_codes.services import (
    MOST_TRIES,
    IssuedCode,
    Purpose,
    issue_code,
    present_code,
    use_code,
    was_used,
)
from organizations.audit.actors import command_actor
from organizations.audit.models import AuditEntry
from organizations.tenancy.models import Organization
from tests.factories.customers import CustomerFactory

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha(organization: Organization) -> Customer:
    return CustomerFactory(organization=organization)


def issue(
    customer: Customer, *, at: datetime = NOW, purpose: Purpose = Purpose.POINTS, points: str | None = None
) -> IssuedCode:
    by = command_actor("issue_otp", customer.organization)
    return issue_code(customer.pk, purpose=purpose, points=Decimal(points) if points else None, by=by, now=at)


def present(
    customer: Customer, given: str, *, at: datetime = NOW, purpose: Purpose = Purpose.POINTS, points: str | None = None
) -> ValidationCode | None:
    asked = Decimal(points) if points else None
    return present_code(given, customer_id=customer.pk, purpose=purpose, points=asked, now=at)


def test_a_code_is_stored_encrypted_and_its_issue_is_audited(asha: Customer) -> None:
    issued = issue(asha)
    assert re.fullmatch("[A-Z0-9]{6}", issued.code)
    assert issued.expires_at == NOW + timedelta(minutes=10)
    assert issued.code not in ValidationCode.objects.get().sealed
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_id, entry.new) == ("code issued", asha.pk, {"purpose": "points"})


def test_an_unexpired_code_is_issued_again_with_the_same_expiry(asha: Customer) -> None:
    first = issue(asha)
    again = issue(asha, at=NOW + timedelta(minutes=9))
    assert (again.code, again.expires_at, again.is_new) == (first.code, first.expires_at, False)
    assert issue(asha, at=first.expires_at).is_new
    assert issue(asha, purpose=Purpose.IDENTITY).is_new
    assert ValidationCode.objects.count() == 2


def test_a_code_is_valid_in_any_case_once_and_for_its_purpose(asha: Customer) -> None:
    code = issue(asha).code
    assert present(asha, code, purpose=Purpose.IDENTITY) is None
    row = present(asha, f" {code.lower()} ")
    assert row is not None
    assert not was_used(code, customer_id=asha.pk, purpose=Purpose.POINTS, now=NOW)
    use_code(row, now=NOW)
    assert present(asha, code) is None
    assert was_used(code, customer_id=asha.pk, purpose=Purpose.POINTS, now=NOW)
    assert not was_used(code, customer_id=asha.pk, purpose=Purpose.POINTS, now=NOW + timedelta(minutes=10))
    assert issue(asha).is_new


def test_an_expired_code_confirms_nothing(asha: Customer) -> None:
    code = issue(asha).code
    assert present(asha, code, at=NOW + timedelta(minutes=10)) is None


def test_a_code_confirms_no_more_points_than_were_asked_for(asha: Customer) -> None:
    code = issue(asha, points="50").code
    assert present(asha, code, points="50") is not None
    assert present(asha, code, points="51") is None
    assert issue(asha, points="80").code == code
    assert issue(asha, points="60").code == code
    assert present(asha, code, points="80") is not None
    assert ValidationCode.objects.get().tries == 0


def test_five_wrong_tries_invalidate_a_code(asha: Customer) -> None:
    code = issue(asha).code
    for _ in range(MOST_TRIES - 1):
        assert present(asha, "WRONG!") is None
    assert present(asha, code) is not None
    assert present(asha, "wrong\u00e9") is None
    assert present(asha, code) is None
    assert issue(asha).is_new
    assert ValidationCode.objects.count() == 1


def test_a_code_sealed_with_another_key_is_replaced(asha: Customer, settings: Settings) -> None:
    code = issue(asha).code
    settings.SECRET_KEY = "another"
    assert present(asha, code) is None
    assert issue(asha).is_new
