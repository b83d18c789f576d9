"""What the organizations tables guarantee by themselves."""

import pytest
from django.db import Error, IntegrityError, connection, transaction
from django.utils import timezone

from organizations.audit.models import AuditEntry
from organizations.audit.services import Change, record_changes
from organizations.card_series.counters import next_number, next_numbers
from organizations.card_series.models import Counter
from organizations.credentials.models import CredentialFailure, RateLease
from organizations.imports.models import ImportRun, RejectedRow
from organizations.locations.models import Concept, Zone
from organizations.source_accounts.models import SourceAccount
from organizations.staff.models import StaffMember
from tests.factories.cards import CardSeriesFactory
from tests.factories.credentials import ApiClientFactory
from tests.factories.fields import FieldFactory
from tests.factories.locations import TillFactory, till_actor
from tests.factories.organizations import OrganizationFactory

pytestmark = pytest.mark.django_db


def test_rows_are_shown_by_what_people_call_them(organization, till):
    zone = Zone(name="South")
    rows = [
        organization,
        till,
        till.store,
        zone,
        Concept(name="Fashion"),
        ApiClientFactory(till=till, key="nw-key"),
        FieldFactory(organization=organization, name="age"),
        CardSeriesFactory(organization=organization),
        SourceAccount(source="WECHAT", account="wx"),
        Counter(name="c", last=3),
        RateLease(caller="till:a", leased=2),
        CredentialFailure(name="a", address="127.0.0.1", failures=1),
        RejectedRow(line=3, code=1001),
        ImportRun(command="import_customers", filename="a.csv"),
    ]
    assert [str(row) for row in rows] == [
        "Northwind", "mgroad.till1", "MG Road", "South", "Fashion", "nw-key", "age", "GOLD card", "WECHAT wx", "c: 3",
        "till:a: 2", "a from 127.0.0.1: 1",
        "line 3: 1001", "a.csv",
    ]  # fmt: skip


def test_countries_are_listed_base_first_and_once(organization):
    organization.countries = ["GB", "IN"]
    assert organization.supported_countries == ["IN", "GB"]
    organization.base_country = ""
    assert organization.supported_countries == ["GB", "IN"]


def test_till_codes_are_unique_in_the_installation(till):
    other = OrganizationFactory(code="bazaar", with_program=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        TillFactory(store__organization=other, code=till.code)


@pytest.mark.parametrize(
    "operation", ["UPDATE organizations_auditentry SET action = 'x'", "DELETE FROM organizations_auditentry"]
)
def test_audit_cannot_be_changed(till, operation):
    record_changes([Change(action="made", object_type="thing", object_id=7, new={"a": 1})], by=till_actor(till))
    with pytest.raises(Error, match="append-only") as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(operation)
    assert caught.value.__cause__.sqlstate == "23001"
    entry = AuditEntry.objects.get()
    assert (str(entry), entry.actor, entry.new) == ("made thing 7", "till:mgroad.till1", {"a": 1})
    assert (timezone.now() - entry.at).total_seconds() < 60


def test_staff_belongs_to_an_organization_or_is_a_superuser(organization):
    with pytest.raises(IntegrityError, match="staff_has_organization_or_is_superuser"), transaction.atomic():
        StaffMember.objects.create(username="nobody")
    with pytest.raises(IntegrityError, match="staff_has_organization_or_is_superuser"), transaction.atomic():
        StaffMember.objects.create(username="both", organization=organization, is_superuser=True)
    StaffMember.objects.create(username="asha", organization=organization)


def test_numbers_follow_each_other(organization):
    assert [next_number("a"), next_number("a"), next_number("b")] == [1, 2, 1]
    assert (list(next_numbers("a", 3)), next_number("a")) == ([3, 4, 5], 6)
