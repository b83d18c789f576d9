"""customer/preferences (docs/protocol.md 4.12)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from organizations.audit.models import AuditEntry
from organizations.configuration import forget_configurations
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from tests.api import Answer, Api, fields
from tests.back_office import register
from tests.factories.consents import without_table
from tests.factories.customers import CustomerFactory, IdentifierFactory
from tests.factories.fields import FieldFactory
from tests.factories.locations import StoreFactory, till_actor
from tests.factories.statuses import CustomerStatusFactory
from tests.reads import READ_STATEMENTS
from use_cases.merging import merge_customers

MOBILE = "9812300001"
STORED = "Preferences Updated Successfully"


@pytest.fixture(autouse=True)
def brand(organization: Organization) -> None:
    """Preferences: a brand, a size of two, and colours."""
    FieldFactory(organization=organization, name="Brand", category="preference", position=1)
    FieldFactory(organization=organization, name="Size", category="preference", type="enum", options=["S", "M"], position=2)
    FieldFactory(
        organization=organization, name="Colours", category="preference", type="multi", options=["Red", "Blue"], position=3
    )
    FieldFactory(organization=organization, name="age", type="number")


@pytest.fixture
def api(till: Till) -> Api:
    return Api(till)


@pytest.fixture
def delhi(organization: Organization) -> Store:
    store: Store = StoreFactory(organization=organization, code="del.cp", name="Connaught Place")
    return store


def post(api: Api, *items: Any, **headers: str) -> Answer:
    return api.call("POST", "preferences", "", {"root": {"customer": list(items)}}, **headers)


def keep(api: Api, *, key: str = "", local_id: str = "", store: Any = None, **values: object) -> Answer:
    item = {"mobile": MOBILE, "custom_fields": fields(**values), "store": store, "local_id": local_id}
    return post(api, item, **({"Idempotency-Key": key} if key else {}))


def read(api: Api, query: str = "", who: str = f"mobile={MOBILE}") -> Answer:
    return api.call("GET", "preferences", f"{who}&{query}")


def listed(answer: Answer) -> dict[str, str]:
    return {row["name"]: row["value"] for row in answer.item["custom_fields"]["field"]}


@contextmanager
def without_column(table: str, column: str) -> Iterator[None]:
    """Context without this column in the database, in which reading it fails."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO gone")
        try:
            yield
        finally:
            cursor.execute(f"ALTER TABLE {table} RENAME COLUMN gone TO {column}")


# --- POST


def test_preferences_are_stored_and_echoed(api: Api, anna: Customer, delhi: Store) -> None:
    answer = keep(api, local_id="L-1", store={"code": "del.cp"}, Brand="Acme", Size="m", Colours=["blue", "Red"])
    assert answer.status == {"success": "true", "code": 200, "message": "SUCCESS"}
    assert answer.item == {
        "user_id": str(anna.pk), "mobile": "919812300001", "email": "anna.rao@example.com", "external_id": "NW-0001",
        "local_id": "L-1",
        "custom_fields": {
            "field": [
                {"name": "Brand", "value": "Acme"},
                {"name": "Size", "value": "M"},
                {"name": "Colours", "value": '["Red","Blue"]'},
            ]
        },
        "store": {"id": str(delhi.pk), "code": "del.cp", "name": "Connaught Place", "status": "SUCCESS"},
        "item_status": {"success": "true", "code": "1000", "message": STORED, "warnings": {"warning": []}},
    }  # fmt: skip
    anna.refresh_from_db()
    assert (anna.preferred_store, anna.version) == (delhi, 1)
    entry = AuditEntry.objects.filter(object_type="customer", object_id=anna.pk).latest("pk")
    assert (entry.action, entry.actor, entry.new["preferred_store"]) == ("updated", "till:mgroad.till1", "del.cp")
    assert sorted(entry.new["field_values"].values(), key=str) == ["Acme", "M", ["Red", "Blue"]]


def test_what_is_stored_already_changes_nothing(api: Api, anna: Customer, delhi: Store) -> None:
    keep(api, Brand="Acme", store={"id": str(delhi.pk)})
    entries = AuditEntry.objects.count()
    assert keep(api, Brand="Acme", store={"id": str(delhi.pk), "code": "del.cp"}).code == "1000"
    assert keep(api, Size="S", Brand="").code == "1000"
    anna.refresh_from_db()
    assert (anna.version, AuditEntry.objects.count()) == (2, entries + 1)
    assert listed(read(api)) == {"Brand": "Acme", "Size": "S", "PREFERRED_STORE": "Connaught Place"}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"id": "x7"}, "1150"),
        ({"id": "-1"}, "1150"),
        ({"id": "999999999"}, "1053"),
        ({"id": "9" * 40}, "1053"),
        ({"code": "nowhere"}, "1053"),
        ({"code": "closed"}, "1053"),
        ({"id": "0", "code": ""}, "1030"),
        ("del.cp", "1030"),
    ],
)
def test_a_store_that_is_not_found(api: Api, anna: Customer, organization: Organization, sent: Any, code: str) -> None:
    StoreFactory(organization=organization, code="closed", is_active=False)
    answer = keep(api, store=sent, local_id="L-1")
    assert (answer.status["code"], answer.code) == (500, code)
    assert (answer.item["mobile"], answer.item["local_id"]) == (MOBILE, "L-1")
    anna.refresh_from_db()
    assert anna.preferred_store is None


def test_an_unknown_store_beside_good_fields_is_a_warning(api: Api, anna: Customer, delhi: Store) -> None:
    answer = keep(api, Brand="Acme", store={"code": "nowhere"})
    assert (answer.code, answer.warnings) == ("1000", ["1053"])
    assert answer.item["store"] == {"id": "", "code": "nowhere", "name": "", "status": "FAILED"}
    both = keep(api, Brand="Apex", store={"id": str(delhi.pk), "code": "mgroad"})
    assert (both.warnings, both.item["store"]["status"]) == (["1053"], "FAILED")
    assert listed(read(api)) == {"Brand": "Apex"}


def test_fields_that_cannot_be_stored_are_warnings_beside_others(api: Api, anna: Customer, delhi: Store) -> None:
    answer = keep(api, Brand="Acme", Size="XXL", age="30")
    assert (answer.code, answer.warnings) == ("1000", ["1017", "1017", "1035"])
    assert answer.message == (
        f"{STORED}, Provided custom field is invalid, Provided custom field is invalid, "
        "Unable to update some customer preferences"
    )
    assert listed(answer) == listed(read(api)) == {"Brand": "Acme"}
    beside_a_store = keep(api, Size="XXL", store={"code": "del.cp"})
    assert (beside_a_store.code, beside_a_store.warnings) == ("1000", ["1017", "1035"])
    assert keep(api, Brand="Apex", Size="XXL", store={"code": "nowhere"}).warnings == ["1017", "1035", "1053"]


@pytest.mark.parametrize(
    "item", [{}, {"custom_fields": fields(age="30")}, {"custom_fields": fields(Size="XXL"), "store": {"code": "nowhere"}}]
)
def test_nothing_stored_is_1030(api: Api, anna: Customer, item: dict[str, Any]) -> None:
    answer = post(api, {"mobile": MOBILE, **item})
    assert (answer.status["code"], answer.code) == (500, "1030")
    anna.refresh_from_db()
    assert (anna.field_values, anna.version) == ({}, 0)


def test_a_mandatory_preference_that_is_missing_is_1017(api: Api, anna: Customer, organization: Organization) -> None:
    FieldFactory(organization=organization, name="Fit", category="preference", is_mandatory=True)
    assert keep(api, Brand="Acme").code == "1017"
    assert keep(api, Brand="Acme", Fit="loose").code == "1000"
    assert keep(api, Brand="Apex").code == "1000"


def test_an_account_that_is_being_deleted_keeps_its_preferences(api: Api, anna: Customer, organization: Organization) -> None:
    organization.flags = {**organization.flags, "CONF_CUSTOMER_DEFAULT_STATUS_ENABLED": 1}
    organization.save()
    Customer.objects.update(status_label=CustomerStatusFactory(organization=organization, status="PENDING_DELETION"))
    assert keep(api, Brand="Acme").code == "1030"


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"mobile": "9812300009"}, "1012"),
        ({"user_id": "999999999"}, "1011"),
        ({"id": "x"}, "400"),
        ({"email": "not an address"}, "1042"),
        ({"mobile": ""}, "1015"),
        ({}, "1015"),
    ],
)
def test_refused_items(api: Api, anna: Customer, item: dict[str, Any], code: str) -> None:
    assert post(api, {**item, "custom_fields": fields(Brand="Acme")}).code == code


def test_customers_outside_the_loyalty_program_are_1013(api: Api, organization: Organization) -> None:
    IdentifierFactory(customer=CustomerFactory(organization=organization, type="NON_LOYALTY"), value="919812300001")
    assert keep(api, Brand="Acme").code == "1013"
    assert read(api).code == "1013"


def test_items_of_a_batch_are_worked_one_by_one(api: Api, anna: Customer, organization: Organization) -> None:
    good = {"user_id": str(anna.pk), "custom_fields": fields(Brand="Acme")}
    answer = post(api, good, {"mobile": "9812300009", "local_id": "L-2"}, "nonsense")
    assert (answer.status["code"], answer.codes) == (201, ["1000", "1012", "400"])
    assert answer.items[1]["local_id"] == "L-2"
    organization.flags = {"BATCH_LIMIT": 1}
    organization.save()
    assert post(api, good, good).status["code"] == 1060
    assert read(api, who="mobile=1,2").status["code"] == 1060
    assert read(api, who="x=1").status["code"] == 400


def test_a_key_keeps_preferences_from_being_stored_twice(api: Api, anna: Customer) -> None:
    first = keep(api, Brand="Acme", key="k1")
    keep(api, Brand="Apex")
    again = keep(api, Brand="Acme", key="k1")
    assert (again.is_replayed, again.response) == (True, first.response)
    assert listed(read(api)) == {"Brand": "Apex"}


def test_preferences_that_could_not_be_stored_are_1030_and_retried(api: Api, anna: Customer) -> None:
    assert keep(api, Brand="Acme").code == "1000"
    with without_table("organizations_auditentry"):
        assert keep(api, Brand="Apex", key="k1").code == "1030"
    assert listed(read(api)) == {"Brand": "Acme"}
    assert keep(api, Brand="Apex", key="k1").code == "1000"


def test_customers_of_others_are_unknown(stranger_api: Api, anna: Customer) -> None:
    assert post(stranger_api, {"user_id": str(anna.pk), "custom_fields": fields(Brand="x")}).code == "1011"
    assert read(stranger_api, who=f"id={anna.pk}").code == "1011"


@pytest.mark.parametrize("count", [1, 3])
def test_a_warm_write_costs_the_same_for_any_number(
    api: Api, anna: Customer, delhi: Store, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    values = dict(list({"Brand": "Acme", "Size": "S", "Colours": "Red"}.items())[:count])
    keep(api, Brand="warm")
    # The caller's row; a savepoint with its end; the customer, the lock, the customer's row, terms of searches, audit.
    with django_assert_num_queries(1 + 2 + 5):
        assert keep(api, store={"code": "del.cp"}, **values).code == "1000"


# --- GET


def test_preferences_are_read_in_order(api: Api, anna: Customer, delhi: Store) -> None:
    keep(api, Size="M", Brand="Acme", store={"code": "del.cp"})
    answer = read(api)
    assert answer.status == {"success": "true", "code": 200, "message": "SUCCESS"}
    assert answer.item == {
        "mobile": "919812300001", "email": "anna.rao@example.com", "external_id": "NW-0001",
        "custom_fields": {
            "field": [
                {"name": "Brand", "value": "Acme"},
                {"name": "Size", "value": "M"},
                {"name": "PREFERRED_STORE", "value": "Connaught Place"},
            ]
        },
        "item_status": {
            "success": "true", "code": "1000", "message": "Preferences retrieved successfully", "warnings": {"warning": []},
        },
    }  # fmt: skip
    assert read(api, "user_id=true").item["user_id"] == str(anna.pk)
    tree = api.call("GET", "preferences", f"mobile={MOBILE}&format=xml").xml
    assert [row.findtext("value") for row in tree.iterfind(".//custom_fields/field")] == ["Acme", "M", "Connaught Place"]


def test_a_customer_without_preferences_is_1031(api: Api, anna: Customer) -> None:
    answer = read(api)
    assert (answer.status["code"], answer.code, answer.item["mobile"]) == (500, "1031", MOBILE)


@pytest.mark.parametrize(
    "fault",
    [
        lambda: without_column("customers_customer", "field_values"),
        lambda: without_column("customers_customer", "preferred_store_id"),
    ],
)
def test_preferences_that_cannot_be_read_are_1029(api: Api, anna: Customer, fault: Callable[[], Any]) -> None:
    keep(api, Brand="Acme")
    assert read(api).code == "1000"
    with fault():
        answer = read(api)
        assert (answer.http.status_code, answer.status["code"], answer.code) == (200, 500, "1029")
        assert answer.message == "Unable to retrieve customer preferences."
    assert read(api).code == "1000"


def test_a_configuration_that_cannot_be_read_is_1029(api: Api, anna: Customer, till: Till) -> None:
    keep(api, Brand="Acme")
    assert read(api).code == "1000"
    forget_configurations()
    with without_table("organizations_fielddefinition"):
        assert read(api).code == "1029"
    assert read(api).code == "1000"


@pytest.mark.parametrize(
    ("who", "code"),
    [("mobile=9812300009", "1012"), ("id=999999999", "1011"), ("mobile=", "1015"), ("mobile=12ab", "1042"), ("id=x", "400")],
)
def test_reads_of_unknown_customers(api: Api, anna: Customer, who: str, code: str) -> None:
    assert read(api, who=who).code == code


def test_preferences_of_a_merged_customer_fill_the_survivors(api: Api, anna: Customer, till: Till) -> None:
    keep(api, Brand="Acme", Size="S")
    survivor = register(till, mobile="9812300002", firstname="Anna")
    post(api, {"mobile": "9812300002", "custom_fields": fields(Brand="Apex")})
    merge_customers(survivor=survivor.pk, victim=anna.pk, by=till_actor(till))
    answer = read(api)
    assert (answer.warnings, listed(answer)) == (["91009"], {"Brand": "Apex", "Size": "S"})
    assert keep(api, Size="M").warnings == ["91009"]


def test_a_call_limited_to_its_store_does_not_see_others(api: Api, anna: Customer, indiranagar: Till) -> None:
    keep(api, Brand="Acme")
    assert read(api, "member_care_access=true").code == "1000"
    assert read(Api(indiranagar), "member_care_access=true").code == "1044"


@pytest.mark.parametrize("count", [1, 3])
def test_a_warm_read_costs_two_statements(
    api: Api, till: Till, delhi: Store, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mobiles = [f"981230000{number}" for number in range(count)]
    for mobile in mobiles:
        register(till, mobile=mobile)
        post(api, {"mobile": mobile, "store": {"code": "del.cp"}, "custom_fields": fields(Brand="Acme")})
    who = f"mobile={','.join(mobiles)}"
    read(api, who=who)
    with django_assert_num_queries(READ_STATEMENTS):
        assert read(api, who=who).codes == ["1000"] * count
