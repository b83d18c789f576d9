"""Every code of add, update and get that no other test has reason to ask for (docs/response_codes.md)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from customers.profile.models import Customer
from engagement.events.deferral import WELCOME, defer_event
from engagement.programs.models import Program, ProgramVersion
from organizations.source_accounts.models import SourceAccount
from organizations.tenancy.models import Organization
from tests.api import Answer, Api, fields
from tests.factories.locations import till_actor
from tests.factories.programs import ProgramFactory

pytestmark = pytest.mark.django_db
MOBILE, OTHER = "9812345678", "9812345679"
LONG = "E" * 251
NO_MERGE = {"AUTO_MERGE_ON_IDENTIFIER_COLLISION": 0}
STRICT = {"CONF_PRIMARY_IDENTIFIER_STRICT_CHECK": 1}
SKIP = {"CONF_SKIP_SECONDARY_ID_ON_PRIMARY_MISMATCH": 1}
BY_EMAIL = {"CONF_REGISTRATION_PRIMARY_KEY": "email"}
BY_EXTERNAL_ID = {"CONF_REGISTRATION_PRIMARY_KEY": "external_id"}
ANNA = {"mobile": MOBILE, "email": "anna@example.com", "external_id": "E-1"}
BORIS = {"mobile": OTHER, "email": "boris@example.com", "external_id": "E-2"}
VISITOR = {"mobile": MOBILE, "type": "NON_LOYALTY"}
JOINS = {"mobile": MOBILE, "type": "LOYALTY"}


def configure(organization: Organization, flags: Mapping[str, object]) -> None:
    organization.flags = flags
    organization.save()


@pytest.mark.parametrize(
    ("code", "flags", "known", "item"),
    [
        ("618", {}, [{"mobile": MOBILE, "fraud_status": "CONFIRMED"}], {"mobile": MOBILE, "email": "new@example.com"}),
        ("1002", {}, [], {"email": "no address"}),
        ("1003", {}, [], {"external_id": LONG}),
        ("1006", {"CONF_USERS_IS_MOBILE_REQUIRED": 1, **BY_EMAIL}, [], {"email": "anna@example.com"}),
        ("1008", {"CONF_USERS_USE_EXTERNAL_ID": 0}, [], {"external_id": "E-1"}),
        ("1016", NO_MERGE, [ANNA, BORIS], {"mobile": MOBILE, "email": "boris@example.com"}),
        ("1019", {"CONF_ALLOW_REGISTRATION_FROM_ANY_IDENTIFIERS": 0}, [], {"email": "anna@example.com"}),
        ("1032", {**NO_MERGE, **BY_EMAIL}, [ANNA, BORIS], {"email": "anna@example.com", "mobile": OTHER}),
        ("1033", NO_MERGE, [ANNA, BORIS], {"mobile": MOBILE, "external_id": "E-2"}),
        ("1034", {}, [], {"mobile": MOBILE, "registered_on": "1980-01-01"}),
        ("1039", {"CONF_USERS_IS_EMAIL_REQUIRED": 1}, [], {"mobile": MOBILE}),
        ("1043", {"CONF_USERS_IS_EXTERNAL_ID_REQUIRED": 1}, [], {"mobile": MOBILE}),
        ("1045", {}, [], {"external_id": "E-1", "type": "NON_LOYALTY"}),
        ("1046", {}, [ANNA], {"mobile": MOBILE, "type": "NON_LOYALTY"}),
        ("1047", STRICT, [ANNA, BORIS], {"mobile": MOBILE, "email": "boris@example.com"}),
        ("1048", {"CONF_USERS_IS_EMAIL_REQUIRED": 1}, [VISITOR], JOINS),
        ("1049", {"CONF_USERS_IS_EXTERNAL_ID_REQUIRED": 1}, [VISITOR], JOINS),
        ("1062", {}, [], {"mobile": MOBILE, "test_control_status": "PERHAPS"}),
    ],
)
def test_a_refused_add_changes_no_customer(
    api: Api, organization: Organization, code: str, flags: dict[str, object], known: list[dict[str, str]], item: dict[str, Any]
) -> None:
    configure(organization, {name: value for name, value in flags.items() if name == "CONF_REGISTRATION_PRIMARY_KEY"})
    if known:
        assert api.add(*known).status["code"] == 200
    configure(organization, flags)
    before = list(Customer.objects.order_by("pk").values())
    assert api.add(**item).code == code
    assert list(Customer.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    ("code", "flags", "item"),
    [
        ("1002", {}, {"email": "no address"}),
        ("1003", {}, {"external_id": LONG}),
        ("1047", STRICT, {"email": "boris@example.com"}),
        ("1062", {}, {"test_control_status": "PERHAPS"}),
        ("91020", {"STRICT_TILL": 1}, {"registered_till": "no.such"}),
        ("91021", {"STRICT_TILL": 1}, {"associated_with": "no.such"}),
    ],
)
def test_an_update_is_refused_and_leaves_the_customer_as_they_were(
    api: Api, organization: Organization, code: str, flags: dict[str, object], item: dict[str, str]
) -> None:
    api.add(ANNA, BORIS)
    configure(organization, flags)
    before = list(Customer.objects.order_by("pk").values())
    assert api.update(mobile=MOBILE, firstname="Anna", **item).code == code
    assert list(Customer.objects.order_by("pk").values()) == before


def test_a_conversion_asks_for_the_mobile_that_is_mandatory(api: Api, organization: Organization) -> None:
    configure(organization, {"CONF_USERS_IS_MOBILE_REQUIRED": 1, **BY_EMAIL})
    api.add(email="anna@example.com", type="NON_LOYALTY")
    assert api.update(email="anna@example.com", type="LOYALTY").code == "1006"


@pytest.mark.parametrize("action", ["add", "update"])
def test_without_countries_a_mobile_is_8014(api: Api, organization: Organization, action: str) -> None:
    organization.base_country, organization.countries = "", []
    organization.save()
    assert getattr(api, action)(mobile=MOBILE).code == "8014"


def test_an_external_id_that_cannot_be_generated_is_1038(api: Api, organization: Organization) -> None:
    length = {"CONF_CARD_NUMBER_LENGTH": 1, "CONF_CARD_NUMBER_OFFSET": 9}
    numbers = {"CONF_CARD_NUMBER_GENERATION_ENABLED": 1, "CONF_GEN_CARD_NUMBER_AS_EXTERNAL_ID_ENABLED": 1}
    configure(organization, {**numbers, **length})
    assert api.add(mobile=MOBILE).code == "1038"


def test_an_update_has_its_limit(api: Api, organization: Organization) -> None:
    configure(organization, {"BATCH_LIMIT": 1})
    assert api.update({"mobile": MOBILE}, {"mobile": OTHER}).status["code"] == 1060


def test_an_unforeseen_failure_of_an_update_is_10002(api: Api) -> None:
    api.add(**ANNA)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE customers_customer ADD CONSTRAINT unforeseen CHECK (firstname <> 'Anna') NOT VALID")
    assert api.update(mobile=MOBILE, firstname="Anna").code == "10002"


@pytest.mark.parametrize("action", ["add", "update"])
def test_kept_values_of_a_known_customer_are_reported(api: Api, organization: Organization, action: str) -> None:
    api.add(ANNA, BORIS)
    call = getattr(api, action)
    assert call(mobile=MOBILE, email="new@example.com").warnings == ["91006"]
    if action == "add":
        assert call(email="anna@example.com", mobile="9812345670").warnings == ["91005"]
    configure(organization, SKIP)
    assert call(mobile=MOBILE, email="boris@example.com").warnings == ["91007"]


def test_an_update_warns_of_what_is_beside_the_point(api: Api, organization: Organization) -> None:
    SourceAccount.objects.create(organization=organization, source="WECHAT", account="wx-main")
    configure(organization, {"CONF_CLIENT_V2_API_ENABLED": 1})
    api.add(**ANNA)
    pair = {"channel": "PIGEON", "priority": "BULK", "is_subscribed": "1"}
    answer = api.update(
        mobile=MOBILE, custom_fields=fields(NoSuch="x", age="old"), extended_fields=fields(planet="Mars"), source="WECHAT",
        registered_till="no.such", associated_with="no.such", subscriptions=[pair],
    )  # fmt: skip
    assert answer.warnings == ["1017", "1018", "91015", "91016", "91020", "91021", "91022"]
    assert api.update(mobile=MOBILE, source="WEB_ENGAGE").warnings == ["91017"]


def test_an_add_warns_of_an_unknown_associate(api: Api) -> None:
    assert api.add(mobile=MOBILE, associated_with="no.such").warnings == ["91021"]


def test_consents_of_a_known_customer_that_cannot_be_read_are_warned_of(api: Api) -> None:
    api.add(**ANNA)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE subscriptions_consent RENAME TO gone")
    assert api.add(mobile=MOBILE, firstname="Anna").warnings == ["91002"]


# --- points: a new customer joins by add, a visitor by an update that converts them


def join(api: Api, action: str) -> Answer:
    """Joins the program by `action`."""
    return api.add(**JOINS) if action == "add" else api.update(**JOINS)


def visit(api: Api, action: str) -> None:
    """What a customer needs before joining by `action`."""
    if action == "update":
        assert api.add(**VISITOR).code == "1000"


def rule(**rules: Any) -> None:
    """The default program's rules from now on; those that no organization file could hold, too."""
    first = ProgramVersion.objects.get(program__is_default=True)
    made_at = first.made_at + timedelta(days=1)
    ProgramVersion(organization=first.organization, program=first.program, number=2, rules=rules, made_at=made_at).save()


FAILING = """
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'no points today' USING ERRCODE = '{}';
END
$$;
CREATE TRIGGER fail BEFORE INSERT ON engagement_pointsentry FOR EACH ROW EXECUTE FUNCTION fail();
"""


@pytest.mark.parametrize("action", ["add", "update"])
@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("check_violation", "1010"),
        ("internal_error", "1086"),
        ("numeric_value_out_of_range", "1087"),
        ("query_canceled", "1089"),
        ("lock_not_available", "1090"),
    ],
)
def test_whatever_keeps_the_points_from_being_written_leaves_the_customer(api: Api, action: str, state: str, code: str) -> None:
    rule(enrolment={"points": 5})
    visit(api, action)
    with connection.cursor() as cursor:
        cursor.execute(FAILING.format(state))
    answer = join(api, action)
    assert (answer.code, answer.warnings, answer.item["type"], answer.item["loyalty_points"]) == ("1000", [code], "LOYALTY", 0)


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ({"enrolment": {"points": 0.01}}, "1088"),
        ({"tiers": [{"name": "Missing"}]}, "1092"),
        ({"enrolment": {"points": 5, "expiry": {"kind": "field", "name": "dob"}}}, "1093"),
    ],
)
def test_a_conversion_reports_errors_of_the_rules(api: Api, rules: dict[str, Any], code: str) -> None:
    visit(api, "update")
    rule(**rules)
    assert join(api, "update").warnings == [code]


@pytest.mark.parametrize(("changes", "code"), [({"is_paused": True}, "1098"), ({"is_active": False}, "1095")])
def test_a_conversion_warns_of_a_paused_program(api: Api, changes: dict[str, bool], code: str) -> None:
    visit(api, "update")
    Program.objects.update(**changes)
    assert join(api, "update").warnings == [code]


def test_a_conversion_where_there_is_no_program_is_1023(api: Api) -> None:
    visit(api, "update")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE engagement_program CASCADE")
    assert join(api, "update").code == "1023"
    assert Customer.objects.get().type == "NON_LOYALTY"


def test_what_joining_gives_queues_behind_what_waits(api: Api, organization: Organization) -> None:
    replayed = {"X_CAP_DIRECT_REPLAY": "true"}
    api.call("POST", "add", "", {"customer": {"mobile": MOBILE}}, **replayed)
    ProgramFactory(organization=organization, name="South")
    assert api.add(mobile=MOBILE, query="mlp_single_enroll=true").warnings == ["1094"]
    api.add(mobile=OTHER, type="NON_LOYALTY")
    visitor = Customer.objects.get(type="NON_LOYALTY")
    with transaction.atomic():
        defer_event(customer=visitor, kind=WELCOME, payload={"programs": []}, by=till_actor(api.till))
    assert api.update(mobile=OTHER, type="LOYALTY").warnings == ["1094"]


def test_an_add_reports_a_member_without_an_account(api: Api) -> None:
    api.add(**ANNA)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE engagement_pointsaccount CASCADE")
    assert api.add(mobile=MOBILE, firstname="Anna").warnings == ["1091"]


def test_figures_that_cannot_be_read_are_warned_of_by_an_add_too(api: Api) -> None:
    api.add(**ANNA)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE engagement_purchasetotals RENAME COLUMN amount TO gone")
    assert api.add(mobile=MOBILE, firstname="Anna").warnings == ["91001"]


# --- merged customers


@pytest.mark.parametrize("action", ["add", "update"])
def test_a_merge_is_reported_later_and_points_may_follow(api: Api, action: str) -> None:
    rule(enrolment={"points": 5})
    survivor, victim = (
        item["user_id"] for item in api.add({"mobile": MOBILE}, {"mobile": OTHER, "email": "b@example.com"}).items
    )
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(FAILING.format("internal_error"))
    call = getattr(api, action)
    merged = call(mobile=MOBILE, email="b@example.com")
    assert (merged.item["user_id"], merged.warnings) == (survivor, ["1096"])
    assert (call(mobile=OTHER).item["user_id"], call(mobile=OTHER).warnings) == (survivor, ["91009"])
    for query in (f"mobile={OTHER}", f"id={victim}"):
        assert api.get(f"{query}&user_id=true").item["user_id"] == str(survivor)
        assert api.get(query).warnings == ["91009"]
