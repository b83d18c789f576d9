"""Rules of customer types, fraud, NDNC, test and control, for tills and imports alike (docs/protocol.md 2.5, 2.6)

Each way takes the values to send and returns the code of the refusal, or "1000" if it was done.
"""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from engagement.programs.models import Membership, Program
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.api import Api
from tests.back_office import errors_of, filled_form, log_in
from tests.customers.profile.admin.forms import ADD, edit_page
from tests.factories.staff import StaffMemberFactory
from tests.factories.statuses import CustomerStatusFactory, label
from tests.imports import rejects, run_import

pytestmark = pytest.mark.django_db
Way = Callable[..., str]
MOBILE, EMAIL = "9812345678", "asha@example.com"


@pytest.fixture
def ways(till: Till, organization: Organization, tmp_path: Path) -> dict[str, Way]:
    """By name: ways to register a customer or to change one."""
    browser = log_in(StaffMemberFactory(organization=organization, role="org_admin"))

    def add(**item: Any) -> str:
        return Api(till).add(**item).code

    def update(**item: Any) -> str:
        return Api(till).update(**item).code

    def desk(**item: Any) -> str:
        known = Customer.objects.filter(identifiers__value__endswith=item["mobile"]).first() if "mobile" in item else None
        address = edit_page(known) if known else ADD
        answer = browser.post(address, filled_form(browser, address, **item))
        if answer.status_code == 302:
            return "1000"
        (message,) = (error for errors in errors_of(answer).values() for error in errors)
        return message[message.rindex("(") + 1 : message.rindex(")")]

    def imported(**item: Any) -> str:
        file, errors = tmp_path / "customers.csv", tmp_path / "errors.csv"
        with file.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([item.keys(), item.values()])
        run_import("import_customers", file, "--errors", str(errors))
        refused = rejects(errors)
        return refused[0]["error_code"] if refused else "1000"

    return {"add": add, "update": update, "desk": desk, "import": imported}


NEW = pytest.mark.parametrize("way", ["add", "desk", "import"])
KNOWN = pytest.mark.parametrize("way", ["add", "update", "desk", "import"])


def flag(organization: Organization, **flags: Any) -> None:
    organization.flags = {**organization.flags, **flags}
    organization.save()


def forget_programs() -> None:
    """Their rules are append-only: nothing less than this takes them away."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE engagement_program CASCADE")


# --- 2.5


@NEW
def test_an_external_id_alone_makes_no_non_loyalty_customer(ways: dict[str, Way], organization: Organization, way: str) -> None:
    flag(organization, CONF_USERS_IS_MOBILE_REQUIRED=1, CONF_USERS_IS_EMAIL_REQUIRED=1, CONF_USERS_IS_EXTERNAL_ID_REQUIRED=1)
    assert ways[way](external_id="E-1", type="NON_LOYALTY") == "1045"
    assert ways[way](email=EMAIL, external_id="E-1", type="NON_LOYALTY") == "1000"
    assert not Membership.objects.exists()


@KNOWN
@pytest.mark.parametrize(
    ("flags", "code"),
    [
        ({"CONF_USERS_IS_EMAIL_REQUIRED": 1}, "1048"),
        ({"CONF_USERS_IS_EXTERNAL_ID_REQUIRED": 1}, "1049"),
        ({"CONF_REGISTRATION_PRIMARY_KEY": "email", "CONF_REGISTRATION_PRIMARY_KEY_REQUIRED": 1}, "1048"),
        ({"CONF_REGISTRATION_PRIMARY_KEY": "external_id", "CONF_ALLOW_REGISTRATION_FROM_ANY_IDENTIFIERS": 0}, "1049"),
    ],
)
def test_conversion_needs_every_mandatory_identifier(
    ways: dict[str, Way], organization: Organization, way: str, flags: dict[str, Any], code: str
) -> None:
    assert ways["add"](mobile=MOBILE, type="NON_LOYALTY") == "1000"
    flag(organization, **flags)
    assert ways[way](mobile=MOBILE, type="LOYALTY") == code
    assert ways[way](mobile=MOBILE, type="LOYALTY", email=EMAIL, external_id="E-1") == "1000"
    assert Membership.objects.count() == 1


def test_conversion_without_a_mandatory_mobile_is_1006(ways: dict[str, Way], organization: Organization) -> None:
    ways["add"](email=EMAIL, type="NON_LOYALTY")
    flag(organization, CONF_REGISTRATION_PRIMARY_KEY_REQUIRED=1)
    for way in ("add", "update", "import"):
        assert ways[way](email=EMAIL, type="LOYALTY") == "1006"
    flag(organization, CONF_REGISTRATION_PRIMARY_KEY="email", CONF_USERS_IS_MOBILE_REQUIRED=1)
    for way in ("add", "update", "import"):
        assert ways[way](email=EMAIL, type="LOYALTY") == "1006"


@KNOWN
@pytest.mark.parametrize("kind", ["NON_LOYALTY", "NOT_INTERESTED"])
def test_loyalty_is_not_left_and_nothing_else_is_applied(ways: dict[str, Way], way: str, kind: str) -> None:
    ways["add"](mobile=MOBILE, firstname="Asha")
    assert ways[way](mobile=MOBILE, type=kind, firstname="Usha") == "1046"
    assert Customer.objects.values_list("type", "firstname").get() == ("LOYALTY", "Asha")


@KNOWN
def test_the_kind_stays_where_none_is_sent(ways: dict[str, Way], way: str) -> None:
    ways["add"](mobile=MOBILE, type="NON_LOYALTY")
    assert ways[way](mobile=MOBILE, firstname="Asha") == "1000"
    assert Customer.objects.values_list("type", "firstname").get() == ("NON_LOYALTY", "Asha")
    assert not Membership.objects.exists()


@KNOWN
def test_without_a_program_no_customer_joins(ways: dict[str, Way], way: str) -> None:
    ways["add"](mobile=MOBILE, type="NON_LOYALTY")
    forget_programs()
    assert ways[way](mobile=MOBILE, type="LOYALTY", firstname="Asha") == "1023"
    assert Customer.objects.values_list("type", "firstname").get() == ("NON_LOYALTY", "")


@NEW
def test_without_programs_no_new_customer_joins(ways: dict[str, Way], way: str) -> None:
    forget_programs()
    assert ways[way](mobile=MOBILE) == "1023"
    assert not Customer.objects.exists()


@NEW
def test_a_default_program_that_is_switched_off_is_no_obstacle(ways: dict[str, Way], way: str) -> None:
    Program.objects.update(is_active=False)
    assert ways[way](mobile=MOBILE) == "1000"
    assert Customer.objects.get().type == "LOYALTY"
    assert not Membership.objects.exists()


# --- 2.6


@KNOWN
@pytest.mark.parametrize("fraud", ["CONFIRMED", "RECONFIRMED", "INTERNAL"])
def test_fraud_closes_identifiers_and_not_the_profile(ways: dict[str, Way], way: str, fraud: str) -> None:
    ways["add"](mobile=MOBILE, fraud_status=fraud)
    assert ways[way](mobile=MOBILE, email=EMAIL) == "618"
    assert ways[way](mobile=MOBILE, firstname="Asha") == "1000"
    assert Identifier.objects.count() == 1


@KNOWN
def test_a_label_closes_them_as_well(ways: dict[str, Way], organization: Organization, way: str) -> None:
    ways["add"](mobile=MOBILE)
    label(Customer.objects.get(), CustomerStatusFactory(organization=organization, blocks=["identifier_change"]))
    assert ways[way](mobile=MOBILE, email=EMAIL) == "618"
    assert ways[way](mobile=MOBILE, firstname="Asha") == "1000"


@KNOWN
@pytest.mark.parametrize("status", ["DELETED", "PENDING_DELETION"])
def test_accounts_on_their_way_out_are_updated_no_more(
    ways: dict[str, Way], organization: Organization, way: str, status: str
) -> None:
    ways["add"](mobile=MOBILE)
    label(Customer.objects.get(), CustomerStatusFactory(organization=organization, status=status))
    assert ways[way](mobile=MOBILE, firstname="Asha") == "1024"
    assert Customer.objects.get().firstname == ""


@KNOWN
@pytest.mark.parametrize("fraud", ["NONE", "NOT_FRAUD", "MARKED", "CONFIRMED", "RECONFIRMED", "INTERNAL"])
def test_every_fraud_status_is_kept(ways: dict[str, Way], way: str, fraud: str) -> None:
    ways["add"](mobile=MOBILE)
    assert ways[way](mobile=MOBILE, fraud_status=fraud) == "1000"
    assert Customer.objects.get().fraud_status == fraud


@pytest.mark.parametrize("way", ["add", "update", "import"])
@pytest.mark.parametrize("fraud", ["NORMAL", "OUTLIER", "FRAUD", "INVALID"])
def test_statuses_of_bills_are_none_of_fraud(ways: dict[str, Way], way: str, fraud: str) -> None:
    ways["add"](mobile=MOBILE, fraud_status="MARKED")
    assert ways[way](mobile=MOBILE, fraud_status=fraud, firstname="Asha") == "1000"
    assert Customer.objects.values_list("fraud_status", "firstname").get() == ("MARKED", "Asha")


@KNOWN
@pytest.mark.parametrize("ndnc", ["NDNC", "DND", "INVALID", "UNKNOWN"])
def test_every_ndnc_status_is_kept(ways: dict[str, Way], way: str, ndnc: str) -> None:
    ways["add"](mobile=MOBILE)
    assert Customer.objects.get().ndnc_status == "NONE"
    assert ways[way](mobile=MOBILE, ndnc_status=ndnc) == "1000"
    assert Customer.objects.get().ndnc_status == ndnc


@KNOWN
@pytest.mark.parametrize("group", ["TEST", "CONTROL", "INVALID"])
def test_every_group_is_kept(ways: dict[str, Way], way: str, group: str) -> None:
    ways["add"](mobile=MOBILE)
    assert Customer.objects.get().test_control_status == "TEST"
    assert ways[way](mobile=MOBILE, test_control_status=group) == "1000"
    assert Customer.objects.get().test_control_status == group


@pytest.mark.parametrize("way", ["add", "update", "import"])
def test_another_group_is_1062(ways: dict[str, Way], way: str) -> None:
    ways["add"](mobile=MOBILE)
    assert ways[way](mobile=MOBILE, test_control_status="PLACEBO", firstname="Asha") == "1062"
    assert Customer.objects.values_list("test_control_status", "firstname").get() == ("TEST", "")


@NEW
@pytest.mark.parametrize(("ratio", "group"), [(0, "TEST"), (100, "CONTROL")])
def test_the_ratio_assigns_test_or_control_by_default(
    ways: dict[str, Way], organization: Organization, way: str, ratio: int, group: str
) -> None:
    flag(organization, TEST_CONTROL_RATIO=ratio)
    assert ways[way](mobile=MOBILE) == "1000"
    assert Customer.objects.get().test_control_status == group


@pytest.mark.parametrize("way", ["add", "import"])
def test_a_group_that_is_named_goes_before_the_ratio(ways: dict[str, Way], organization: Organization, way: str) -> None:
    flag(organization, TEST_CONTROL_RATIO=100)
    assert ways[way](mobile=MOBILE, test_control_status="TEST") == "1000"
    assert Customer.objects.get().test_control_status == "TEST"
