"""A value that several customers share identifies nobody, on every path; search lists all of them (docs/protocol.md 7)."""

from pathlib import Path
from typing import Any

import pytest

from customers.identifiers.models import Identifier
from customers.lookup.references import READ_ORDER
from customers.profile.models import Customer
from engagement.redemptions.target import find_customer
from loyalty_project.protocol.errors import LoyaltyError
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.api import Api
from tests.back_office import register
from tests.factories.locations import till_actor
from tests.imports import rejects, run_import, write_lines

pytestmark = pytest.mark.django_db
EMAIL = "family@example.com"
# Flags by which a kind may be shared, and how its value is sent.
SHARED: dict[str, tuple[dict[str, Any], str]] = {
    "email": ({"CONF_USERS_IS_EMAIL_UNIQUE": 0}, EMAIL),
    "external_id": ({"CONF_INSTORE_V2_ENABLED": 1}, "FAMILY-1"),
    "mobile": ({"CONF_INSTORE_V2_ENABLED": 1, "CONF_REGISTRATION_PRIMARY_KEY": "email"}, "919812300009"),
}


@pytest.fixture(params=SHARED)
def shared(request: pytest.FixtureRequest, organization: Organization, till: Till) -> tuple[str, str, list[Customer]]:
    """The kind and the value that two customers share."""
    organization.flags, value = SHARED[request.param]
    organization.save()
    own = {"email": "mobile"}.get(request.param, "email")
    values = {"mobile": ("919812300001", "919812300002"), "email": ("one@example.com", "two@example.com")}[own]
    return request.param, value, [register(till, **{request.param: value, own: mine}) for mine in values]


def test_a_read_finds_nobody_until_one_customer_is_left(till: Till, shared: tuple[str, str, list[Customer]]) -> None:
    kind, value, (first, second) = shared
    api = Api(till)
    assert api.get(f"{kind}={value}").code == "1012"
    assert [api.get(f"id={customer.pk}&user_id=true").code for customer in (first, second)] == ["1000", "1000"]
    Identifier.objects.filter(customer=second, kind=kind).update(state="FORMER")
    assert api.get(f"{kind}={value}&user_id=true").item["user_id"] == str(first.pk)


def test_points_endpoints_find_nobody(till: Till, shared: tuple[str, str, list[Customer]]) -> None:
    kind, value, _ = shared
    assert Api(till).call("GET", "redemptions", f"{kind}={value}").customer["item_status"]["code"] == "816"
    with pytest.raises(LoyaltyError, match="816"):
        find_customer({kind: value}, READ_ORDER, by=till_actor(till))
    assert Api(till).call("GET", "transactions", f"{kind}={value}").customer["item_status"]["code"] == "1012"


def test_consents_are_not_given_for_others(till: Till, shared: tuple[str, str, list[Customer]]) -> None:
    kind, value, _ = shared
    pair = {kind: value, "channel": "SMS", "priority": "BULK", "is_subscribed": "0"}
    answer = Api(till).call("POST", "subscriptions", body={"root": {"subscription": [pair]}})
    assert answer.response["subscriptions"]["subscription"][0]["item_status"]["code"] == "1104"


def test_an_identity_request_finds_nobody(till: Till, shared: tuple[str, str, list[Customer]]) -> None:
    kind, value, _ = shared
    new = {"email": "new@example.com", "external_id": "NEW", "mobile": "919812300008"}[kind]
    item = {"identifier": kind, "old_value": value, "new_value": new}
    answer = Api(till).call("POST", "update_identity", body={"root": {"customer": [item]}})
    assert answer.response["customers"]["customer"]["item_status"]["code"] == "1012"


@pytest.mark.parametrize(
    ("command", "columns", "cells"),
    [
        ("import_transactions", "number,billing_time,amount,till_code", "B1,2026-01-05 10:00:00,10,{till}"),
        ("import_points", "kind,points,occurred_at,reference", "AWARD,5,2026-01-05 10:00:00,R1"),
        ("import_cards", "card_number,series", "C1,GOLD"),
        ("import_segments", "segment,partition", "band,low"),
        ("import_user_groups", "group,role", "G1,MEMBER"),
    ],
)
def test_files_find_nobody(
    till: Till, shared: tuple[str, str, list[Customer]], tmp_path: Path, command: str, columns: str, cells: str
) -> None:
    kind, value, _ = shared
    path = write_lines(tmp_path / "rows.csv", f"{kind},{columns}", f"{value},{cells.format(till=till.code)}")
    outcome = run_import(command, path, "--errors", str(tmp_path / "errors.csv"))
    assert outcome.counts == (0, 0, 0, 1), outcome.err
    assert rejects(tmp_path / "errors.csv")[0]["error_code"] == "1012"


def test_search_lists_all_of_them(till: Till, shared: tuple[str, str, list[Customer]]) -> None:
    kind, value, customers = shared
    answer = Api(till).call("GET", "search", f"q=({kind}:EQUALS:{value})").customer
    assert [item["user_id"] for item in answer["results"]["item"]] == [str(customer.pk) for customer in customers]
