"""Passwords and secrets in organization files"""

import pytest
from django.contrib.auth.hashers import check_password

from organizations.credentials.hashing import password_digest, sha256_digest, verify_digest, verify_secret
from organizations.credentials.models import ApiClient
from organizations.locations.models import Till
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.organization_files import load, small, spoil, whole

pytestmark = pytest.mark.django_db


def test_a_password_is_replaced_only_by_another_one(tiny: Organization) -> None:
    before = Till.objects.get().password_hash
    document = small()
    assert load(document).lines == []
    assert Till.objects.get().password_hash == before
    spoil(document, "stores[0].tills[0].password", "new-till-secret")
    assert load(document).lines == ["stores[0].tills[0].password: changed"]
    after = Till.objects.get().password_hash
    assert verify_digest(after, password_digest("new-till-secret"))
    del document["stores"][0]["tills"][0]["password"]
    assert load(document).lines == []
    assert Till.objects.get().password_hash == after


def test_the_file_gives_a_till_its_missing_sha256_hash(tiny: Organization) -> None:
    Till.objects.update(password_hash_sha256="")
    assert load(small()).lines == ["stores[0].tills[0].password: changed"]
    till = Till.objects.get()
    assert verify_digest(till.password_hash_sha256, sha256_digest(small()["stores"][0]["tills"][0]["password"]))
    assert load(small()).lines == []


def test_secrets_of_clients_and_staff_are_replaced_only_by_others(meridian: Organization) -> None:
    client, member = ApiClient.objects.get(key="meridian-key"), StaffMember.objects.get(username="meridian-asha")
    document = whole()
    spoil(document, "api_clients[0].secret", "another-client-secret")
    spoil(document, "staff[0].password", "another-staff-password")
    assert load(document).lines == ["api_clients[0].secret: changed", "staff[0].password: changed"]
    client.refresh_from_db()
    member.refresh_from_db()
    assert verify_secret(client.secret_hash, "another-client-secret")
    assert check_password("another-staff-password", member.password)


def test_secrets_from_the_environment_are_set() -> None:
    document = small()
    del document["stores"][0]["tills"][0]["password"]
    spoil(document, "stores[0].tills[0].password_env", "TILL_PASSWORD")
    organization = load(document, environment={"TILL_PASSWORD": "from-outside"}).organization
    with organization_scope(organization):
        assert verify_digest(Till.objects.get().password_hash, password_digest("from-outside"))


def test_a_till_without_a_password_is_allowed_and_reported(tiny: Organization) -> None:
    document = small()
    document["stores"][0]["tills"].append({"code": "tiny.till2", "name": "Second"})
    report = load(document)
    assert report.lines == ["stores[0].tills[1]: created till tiny.till2"]
    assert report.notes == ["stores[0].tills[1]: has no password and cannot log in"]
