"""Section `customer_statuses` of the organization file."""

from typing import Any

import pytest
import yaml

from customers.statuses.models import CustomerStatus
from organizations.audit.models import AuditEntry
from organizations.organization_file.loading import LoadReport
from organizations.tenancy.scoping import organization_scope
from tests.factories.organization_files import check, small
from use_cases.organization_file import check_document, dump_organization, load_organization

pytestmark = pytest.mark.django_db
FINE: dict[str, Any] = {"status": "ACTIVE", "label": "Fine"}
HELD: dict[str, Any] = {"status": "SUSPENDED", "label": "On hold", "blocks": ["points_redeem", "coupon_issue"]}


def load(*statuses: dict[str, Any], code: str = "tiny") -> LoadReport:
    return load_organization(check({**small(code), "customer_statuses": list(statuses)}))


def test_labels_become_rows_and_come_back() -> None:
    report = load(FINE, HELD)
    assert report.lines[-2:] == [
        "customer_statuses[0]: created customer status ACTIVE Fine",
        "customer_statuses[1]: created customer status SUSPENDED On hold",
    ]
    assert (report.stored, report.organization.stored_sections) == ([], {})
    dumped = dump_organization(report.organization)
    assert yaml.safe_load(dumped)["customer_statuses"] == [FINE, HELD]
    assert load_organization(check_document(dumped.encode(), environment={})).lines == []
    with organization_scope(report.organization):
        assert list(CustomerStatus.objects.values_list("status", "label", "blocks")) == [
            ("ACTIVE", "Fine", []),
            ("SUSPENDED", "On hold", ["points_redeem", "coupon_issue"]),
        ]
        assert AuditEntry.objects.filter(object_type="customerstatus", action="created").count() == 2


def test_labels_change_and_are_switched_off_never_deleted() -> None:
    tiny = load(FINE, HELD).organization
    assert load({**HELD, "blocks": ["transactions"]}).lines == [
        'customer_statuses[0].blocks: ["points_redeem", "coupon_issue"] -> ["transactions"]',
        "customer status ACTIVE Fine: no longer named, deactivated",
    ]
    assert yaml.safe_load(dump_organization(tiny))["customer_statuses"] == [
        {**FINE, "active": False},
        {**HELD, "blocks": ["transactions"]},
    ]
    assert load(FINE, {**HELD, "blocks": ["transactions"]}).lines == ["customer_statuses[0].active: false -> true"]


def test_statuses_and_organizations_may_share_a_label() -> None:
    load(HELD, {**HELD, "status": "INTERNAL"})
    assert load(HELD, code="bazaar").lines[-1] == "customer_statuses[0]: created customer status SUSPENDED On hold"
