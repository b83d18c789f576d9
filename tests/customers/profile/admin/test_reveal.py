"""Personal data of a customer, masked for auditors, and revealed for a reason."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from customers.profile.models import Customer
from loyalty_project import clock
from organizations.audit.models import AuditEntry
from organizations.back_office import reveals
from organizations.locations.models import Store, Till
from organizations.staff import log_in as log_ins
from organizations.staff.permissions import StaffPermissions
from organizations.staff.reach import REVEAL_PERMISSION
from organizations.tenancy.models import Organization
from tests.back_office import list_of, log_in, page_of, register, shown, text_of
from tests.customers.profile.admin.forms import CUSTOMERS
from tests.customers.profile.admin.test_export import export_as, rows_of
from tests.factories.staff import StaffMemberFactory
from use_cases.back_office import STAFF_PERMISSIONS

pytestmark = pytest.mark.django_db
IN_FULL = ("Anna", "+91 98123 00001", "anna.rao@example.com", "NW-0001")
REASON = {"reason": "Audit of March"}


def page(browser: Client, customer: Customer, tab: str = "") -> str:
    return text_of(browser.get(page_of(CUSTOMERS, customer), {"tab": tab}))


def address(name: str, customer: Customer) -> str:
    return reverse(f"admin:customers_customer_{name}", args=[customer.pk])


def shows(text: str) -> list[bool]:
    return [value in text for value in IN_FULL]


@pytest.fixture
def without_reveal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Auditors who reveal nothing, and export lists."""
    roles: Mapping[str, Any] = STAFF_PERMISSIONS.by_role
    changed = roles["auditor"] - {REVEAL_PERMISSION} | {"organizations.export_lists"}
    composed = StaffPermissions(by_role={**roles, "auditor": changed}, within_stores=STAFF_PERMISSIONS.within_stores)
    monkeypatch.setattr(log_ins, "staff_permissions", lambda: composed)


def test_who_serves_customers_sees_their_data_and_no_button(seller: Client, anna: Customer) -> None:
    text = page(seller, anna)
    assert all(shows(text))
    assert "Personal data" not in text
    assert seller.get(address("reveal", anna)).status_code == 403
    assert seller.post(address("hide", anna)).status_code == 403


def test_an_auditor_reveals_a_customer_for_a_reason(auditor: Client, anna: Customer, till: Till) -> None:
    other = register(till, firstname="Usha", mobile="9812300002")
    text = page(auditor, anna)
    assert not any(shows(text))
    assert "A••• R••• loyalty" in text
    assert "+91 •••••••001" in text
    assert "a•••@e•••.com" in text
    assert address("reveal", anna) in auditor.get(page_of(CUSTOMERS, anna)).content.decode()
    assert "This field is required" in text_of(auditor.post(address("reveal", anna), {"reason": " "}))
    assert not AuditEntry.objects.filter(action=reveals.ACTION).exists()
    answer = auditor.post(address("reveal", anna), REASON)
    assert answer["Location"] == page_of(CUSTOMERS, anna)
    entry = AuditEntry.objects.get(action=reveals.ACTION)
    assert (entry.actor, entry.object_id, entry.new) == ("staff:sam", anna.pk, {"reason": "Audit of March", "minutes": 10})
    text = page(auditor, anna, "audit")
    assert all(shows(text))
    assert "Personal data is shown until" in text
    assert "Personal data shown by sam (staff)" in text
    assert "Audit of March" in text
    assert "Usha" not in page(auditor, other)


def test_after_ten_minutes_or_a_log_out_the_data_is_masked(auditor: Client, organization: Organization, anna: Customer) -> None:
    auditor.post(address("reveal", anna), REASON)
    with time_machine.travel(clock.now() + timedelta(minutes=9, seconds=55), tick=False):
        assert all(shows(page(auditor, anna)))
    with time_machine.travel(clock.now() + timedelta(minutes=10, seconds=1), tick=False):
        assert not any(shows(page(auditor, anna)))
    second = log_in(organization.staff.get(username="sam"))
    assert not any(shows(page(second, anna)))


def test_a_button_hides_the_data_again(auditor: Client, anna: Customer) -> None:
    auditor.post(address("reveal", anna), REASON)
    assert auditor.get(address("hide", anna)).status_code == 405
    assert auditor.post(address("hide", anna))["Location"] == page_of(CUSTOMERS, anna)
    assert not any(shows(page(auditor, anna)))


def test_nothing_is_shown_if_the_audit_cannot_be_written(
    auditor: Client, anna: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(reveals, "record_changes", fail)
    with pytest.raises(RuntimeError):
        auditor.post(address("reveal", anna), REASON)
    assert not any(shows(page(auditor, anna)))


@pytest.mark.usefixtures("without_reveal")
def test_a_role_without_the_permission_reveals_nothing(auditor: Client, anna: Customer) -> None:
    answer = auditor.get(page_of(CUSTOMERS, anna))
    assert address("reveal", anna) not in answer.content.decode()
    assert "Your role does not see it" in text_of(answer)
    assert auditor.post(address("reveal", anna), REASON).status_code == 403
    assert not AuditEntry.objects.filter(action=reveals.ACTION).exists()


def test_a_reveal_that_the_role_has_lost_shows_nothing(auditor: Client, anna: Customer, request: pytest.FixtureRequest) -> None:
    auditor.post(address("reveal", anna), REASON)
    request.getfixturevalue("without_reveal")
    assert not any(shows(page(auditor, anna)))


@pytest.mark.usefixtures("without_reveal")
def test_an_export_by_who_sees_masked_data_is_masked(auditor: Client, administrator: Client, anna: Customer) -> None:
    (row,) = rows_of(export_as(auditor))
    personal = ("First name", "Last name", "Mobile", "E-mail", "External id")
    assert [row[name] for name in personal] == ["A•••", "R•••", "'+91 •••••••001", "a•••@e•••.com", "•••001"]
    (row,) = rows_of(export_as(administrator))
    assert [row[name] for name in personal] == ["Anna", "Rao", "919812300001", "anna.rao@example.com", "NW-0001"]


def test_customers_of_other_stores_are_not_revealed(store: Store, anna: Customer, indiranagar: Till) -> None:
    elsewhere = register(indiranagar, firstname="Usha", mobile="9812300002")
    browser = log_in(StaffMemberFactory(organization=store.organization, role="auditor", stores=[store]))
    assert browser.post(address("reveal", elsewhere), REASON)["Location"] == "/admin/"
    assert browser.post(address("reveal", anna), REASON)["Location"] == page_of(CUSTOMERS, anna)
    assert list(AuditEntry.objects.filter(action=reveals.ACTION).values_list("object_id", flat=True)) == [anna.pk]


def test_who_sees_masked_data_finds_by_whole_values_alone(auditor: Client, seller: Client, anna: Customer) -> None:
    for whole in ("9812300001", "+919812300001", "anna.rao@example.com", "nw-0001"):
        assert auditor.get(reverse("find"), {"q": whole})["Location"] == page_of(CUSTOMERS, anna)
        assert shown(auditor.get(list_of(CUSTOMERS), {"q": whole})) == [anna]
    for part in ("00001", "98123", "anna.rao@", "anna", "annaa", "NW-0"):
        for browser, found in ((seller, True), (auditor, False)):
            hits = browser.post(reverse("find_hits"), {"q": part}).content.decode()
            assert (page_of(CUSTOMERS, anna) in hits) == found
            assert ("Type the whole number" in hits) != found
        assert shown(auditor.get(list_of(CUSTOMERS), {"q": part})) == []
