"""customer/search (docs/protocol.md 4.4)."""

from datetime import time, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction

from customers.field_terms.services import align_fields
from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from organizations.fields.models import FieldDefinition
from organizations.tenancy.scoping import organization_scope
from tests.api import Api, fields
from tests.factories.customers import CustomerFactory
from tests.factories.fields import FieldFactory
from tests.factories.locations import StoreFactory, TillFactory
from tests.jobs import committed_till
from tests.midnights import DAY, around_midnight, moment
from tests.races import race
from tests.reads import SURE_READ_STATEMENTS

pytestmark = pytest.mark.django_db


def find(api, q, **more):
    query = "&".join(f"{name}={quote(str(value))}" for name, value in {"q": q, **more}.items())
    return api.call("GET", "search", query)


def names_of(api, q, **more):
    """First names of the matches, in the order of the answer."""
    answer = find(api, q, **more)
    assert (answer.http.status_code, answer.status["code"]) == (200, 200), answer.response
    return [item["firstname"] for item in answer.customer["results"]["item"]]


@pytest.fixture
def people(api):
    """Anna Rao and Bina Rao-Iyer, and Ümit Çelik with an umlaut."""
    FieldFactory(organization=api.till.organization, name="Hobbies", type="multi", options=["Tea", "Coffee"], position=4)
    FieldFactory(organization=api.till.organization, name="motto", position=5)
    FieldFactory(organization=api.till.organization, name="dob", type="date", category="extended")
    people = [
        {"mobile": "9812300001", "email": "anna@example.com", "external_id": "NW-a1", "firstname": "Anna", "lastname": "Rao",
         "registered_on": "2021-05-01 23:59:59",
         "custom_fields": fields(FavoriteColor="Red", Hobbies="Tea,Coffee", age="30", motto="Live: 100% (and more)"),
         "extended_fields": fields(city="Pune", dob="1990-02-03")},
        {"mobile": "9812300002", "email": "bina@example.com", "external_id": "nw-B2", "firstname": "Bina",
         "lastname": "Rao-Iyer", "registered_on": "2021-05-02 00:00:00",
         "custom_fields": fields(FavoriteColor="Blue", Hobbies="Tea", age="4", motto="Less"),
         "extended_fields": fields(city="Punakha")},
        {"mobile": "447400123456", "external_id": "straße", "firstname": "Ümit", "lastname": "Çelik",
         "registered_on": "2021-05-03 12:00:00"},
    ]  # fmt: skip
    return [item["user_id"] for item in api.add(*people).items]


def test_answer_is_all_text(api, people):
    TillFactory(store__organization=api.till.organization, store__code="other", code="other.till1")
    answer = find(api, "(firstname:EXACT:Anna)")
    assert answer.status == {"success": "true", "code": 200, "message": "SUCCESS"}
    assert list(answer.customer) == ["count", "start", "rows", "results"]
    assert (answer.customer["count"], answer.customer["start"], answer.customer["rows"]) == ("1", "0", "10")
    (item,) = answer.customer["results"]["item"]
    attributes = [("FavoriteColor", "Red"), ("age", "30"), ("Hobbies", '["Tea","Coffee"]'), ("motto", "Live: 100% (and more)"),
                  ("dob", "1990-02-03"), ("city", "Pune")]  # fmt: skip
    assert {(row["name"], row["value"]) for row in item.pop("attributes")["attribute"]} == set(attributes)
    assert item == {
        "user_id": str(people[0]), "org_id": str(api.till.organization_id), "firstname": "Anna", "lastname": "Rao",
        "mobile": "919812300001", "email": "anna@example.com", "external_id": "NW-a1", "loyalty_points": "0",
        "lifetime_points": "0", "lifetime_purchases": "0", "current_slab": "NONE", "registered_on": "2021-05-01 23:59:59",
        "registered_by": "mgroad.till1", "last_trans_value": "0",
    }  # fmt: skip


def test_missing_values_are_blank_and_no_customers_an_empty_list(api, people):
    (item,) = find(api, "(firstname:EQUALS:ümit)").customer["results"]["item"]
    assert (item["email"], item["attributes"]) == ("", {"attribute": []})
    nobody = find(api, "(firstname:EXACT:Nobody)").customer
    assert (nobody["count"], nobody["results"]) == ("0", {"item": []})


def test_xml(api, people):
    nobody = find(api, "(firstname:EXACT:Nobody)", format="xml").http.content.decode()
    assert "<customer><count>0</count><start>0</start><rows>10</rows><results><item/></results></customer>" in nobody
    root = find(api, "(lastname:STARTS:rao)", format="xml").xml
    assert [element.findtext("firstname") for element in root.findall("customer/results/item")] == ["Anna", "Bina"]
    assert "<attributes><attribute/></attributes>" in find(api, "(firstname:EQUALS:ümit)", format="xml").http.content.decode()


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("firstname:EXACT:Anna", "Anna"), ("firstname:EXACT:anna", ""), ("firstname:EQUALS:ANNA", "Anna"),
        ("firstname:anna", "Anna"), ("FirstName:starts:AN", "Anna"), ("firstname:ENDS:NA", "Anna Bina"),
        ("firstname:ENDS:a", "Anna Bina"), ("firstname:STARTS:na", ""), ("firstname:IN:bina;ANNA;nobody", "Anna Bina"),
        ("firstname:STARTS:ümi", "Ümit"), ("firstname:EQUALS:U\u0308MIT", "Ümit"), ("lastname:ENDS:ÇELIK", "Ümit"),
        ("lastname:EXACT: Rao", ""), ("lastname:STARTS:rao-", "Bina"), ("lastname:EXACT:Rao%", ""), ("lastname:STARTS:_ao", ""),
        ("mobile:EQUALS:9812300001", "Anna"), ("mobile:EXACT:+91 98123-00001", "Anna"), ("mobile:EQUALS:919812300001", "Anna"),
        ("mobile:IN:9812300001;447400123456", "Anna Ümit"), ("mobile:STARTS:+91 98", "Anna Bina"), ("mobile:STARTS:98", ""),
        ("mobile:ENDS:0002", "Bina"), ("mobile:EQUALS:12ab", ""), ("mobile:EQUALS:1", ""),
        ("email:EQUALS:ANNA@example.com", "Anna"), ("email:EXACT:ANNA@example.com", ""), ("email:STARTS:Bi", "Bina"),
        ("email:ENDS:@EXAMPLE.com", "Anna Bina"), ("email:IN:anna@example.com;x", "Anna"),
        ("external_id:EQUALS:nw-A1", "Anna"), ("external_id:EXACT:nw-A1", ""), ("external_id:EXACT:NW-a1", "Anna"),
        ("external_id:STARTS:nw", "Anna Bina"), ("external_id:ENDS:B2", "Bina"), ("external_id:EQUALS:STRASSE", "Ümit"),
        ("external_id:ENDS:SSE", "Ümit"), ("external_id:IN:NW-A1;NW-B2", "Anna Bina"),
    ],
)  # fmt: skip
def test_names_and_identifiers(api, people, q, names):
    assert names_of(api, q) == names.split()


FIELD_SEARCHES = [
    ("FavoriteColor:Red", "Anna"), ("favoritecolor:EQUALS:RED", "Anna"), ("FavoriteColor:EXACT:red", ""),
    ("FavoriteColor:EXACT:Red", "Anna"), ("FavoriteColor:IN:red;blue", "Anna Bina"), ("FavoriteColor:STARTS:r", "Anna"),
    ("FavoriteColor:ENDS:E", "Bina"), ("Hobbies:EQUALS:tea", "Anna Bina"), ("Hobbies:EXACT:Coffee", "Anna"),
    ("Hobbies:EXACT:coffee", ""), ("Hobbies:STARTS:cof", "Anna"), ("Hobbies:ENDS:ffee", "Anna"),
    ("age:EQUALS:30.0", "Anna"), ("age:IN:4;x", "Bina"), ("age:STARTS:3", "Anna"), ("age:EXACT:old", ""),
    (r"motto:EQUALS:live: 100% \(AND MORE\)".replace("live: ", r"live\: "), "Anna"), ("motto:STARTS:l", "Anna Bina"),
    ("motto:EXACT:Less", "Bina"), ("motto:EXACT:less", ""), ("city:STARTS:pun", "Anna Bina"), ("city:ENDS:KHA", "Bina"),
    ("city:EQUALS:PUNE", "Anna"), ("dob:EQUALS:1990/2/3", "Anna"), ("dob:STARTS:1990", "Anna"),
]  # fmt: skip


@pytest.mark.parametrize(("q", "names"), FIELD_SEARCHES)
def test_fields_without_an_index(api, people, q, names):
    assert names_of(api, f"({q})") == names.split()


@pytest.mark.django_db(transaction=True)
def test_fields_with_an_index_are_found_alike(api, people):
    FieldDefinition.objects.update(is_searchable=True)
    align_fields(api.till.organization)
    assert {q: names_of(api, f"({q})") for q, _ in FIELD_SEARCHES} == {q: names.split() for q, names in FIELD_SEARCHES}


def test_custom_fields_precede_extended_fields_after_known_columns(api, people):
    FieldFactory(organization=api.till.organization, name="City")
    FieldFactory(organization=api.till.organization, name="mobile")
    assert names_of(api, "(CITY:EQUALS:pune)") == []
    assert names_of(api, "(city:EQUALS:pune)") == ["Anna"]
    assert names_of(api, "(mobile:EQUALS:9812300001)") == ["Anna"]


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("registered_date:ON:2021-05-01", "Anna"), ("registered_date:ON:2021/5/2", "Bina"),
        ("registered_date:ON:2021-05-01 00:00:00", "Anna"), ("registered_date:RANGE:2021-05-01;2021-05-02", "Anna Bina"),
        ("registered_date:RANGE:2021-05-02;2021-05-01", ""), ("registered_date:LESS:2021-05-02", "Anna"),
        ("registered_date:LESS:2021-05-02 23:00:00", "Anna"), ("registered_date:GREATER:2021-05-01", "Bina Ümit"),
        ("registered_date:GREATER:2021-05-01 00:00:00", "Bina Ümit"), ("registered_date:GREATER:9000-12-31", ""),
        ("registered_store:EQUALS:blr.mgroad", "Anna Bina Ümit"), ("registered_store:BLR.mgroad", ""),
        ("registered_store:IN:nowhere; blr.mgroad ", "Anna Bina Ümit"), ("registered_store:EQUALS:" + "9" * 30, ""),
        ("org_id:EQUALS:0", ""), ("org_id:EQUALS:abc", ""), ("org_id:EQUALS:" + "9" * 100, ""),
    ],
)  # fmt: skip
def test_days_and_places(api, people, q, names):
    assert names_of(api, q) == names.split()


@around_midnight
def test_days_of_registration_are_those_of_the_organizations_zone(api, zone: ZoneInfo, clock: time):
    organization = api.till.organization
    organization.timezone = zone.key
    organization.save()
    for name, days in (("Before", -1), ("On", 0), ("After", 1)):
        CustomerFactory(
            organization=organization, firstname=name, registered_on=moment(zone, clock, DAY + timedelta(days=days))
        )
    found = {
        operator: names_of(api, f"(registered_date:{operator})")
        for operator in (f"ON:{DAY}", f"LESS:{DAY}", f"GREATER:{DAY}", f"RANGE:{DAY};{DAY}", f"ON:{DAY} 12:00:00")
    }
    assert list(found.values()) == [["On"], ["Before"], ["After"], ["On"], ["On"]]


def test_own_organization_and_stores_by_id(api, people):
    assert names_of(api, f"(org_id:EQUALS: {api.till.organization_id} )&(firstname:Anna)") == ["Anna"]
    assert names_of(api, f"(registered_store:EQUALS:{api.till.store_id})&(firstname:Anna)") == ["Anna"]
    numbered = StoreFactory(organization=api.till.organization, code=str(api.till.store_id))
    Customer.objects.filter(firstname="Bina").update(registered_store=numbered)
    assert names_of(api, f"(registered_store:EQUALS:{api.till.store_id})") == ["Anna", "Bina", "Ümit"]


def test_all_conditions_must_hold(api, people):
    assert names_of(api, "(lastname:STARTS:Rao)&(mobile:ENDS:1)&(FavoriteColor:Red)") == ["Anna"]
    assert names_of(api, "(lastname:STARTS:Rao)&(mobile:ENDS:1)&(FavoriteColor:Blue)") == []
    assert names_of(api, "(firstname:STARTS:a)&(firstname:ENDS:a)") == ["Anna"]
    answer = api.call("GET", "search", "q=(lastname:STARTS:Rao)&(firstname:STARTS:b)&rows=5")
    assert (answer.customer["count"], answer.customer["rows"]) == ("1", "5")


@pytest.mark.parametrize(
    "q",
    [
        "", "(a", "(nothing:EQUALS:1)", "(firstname:GREATER:a)", "(mobile:RANGE:1;2)", "(org_id:IN:1)", "(slab:STARTS:g)",
        "(registered_store:STARTS:b)", "(registered_date:EQUALS:2021-05-01)", "(registered_date:2021-05-01)",
        "(registered_date:ON:yesterday)", "(registered_date:ON:2021-02-30)", "(registered_date:ON:99999-01-01)",
        "(registered_date:GREATER:0001-01-01)", "(registered_date:RANGE:2021-05-01;x)", "(loyalty_points:STARTS:1)",
        "(loyalty_points:GREATER:many)", "(loyalty_points:GREATER:1e400)", "(loyalty_points:LESS:NaN)", "(loyalty_points:ON:1)",
        "(lifetime_purchases:EQUALS:" + "9" * 40 + ")", "(firstname:EQUALS:" + "x" * 300 + ")",
        "(FavoriteColor:RANGE:a;b)", "(Favorite Size:EQUALS:S)", "(gone:EQUALS:1)",
    ],
)  # fmt: skip
def test_what_means_nothing_is_400(api, q):
    FieldFactory(organization=api.till.organization, name="Favorite Size", category="preference")
    FieldFactory(organization=api.till.organization, name="gone", is_active=False)
    answer = find(api, q)
    assert (answer.http.status_code, answer.status["code"]) == (400, 400)
    assert answer.status["message"] == "Input is invalid, Please check request parameters or input xml/json"


@pytest.mark.parametrize(
    "query",
    [
        "q=(firstname:EQUALS:%00)", "q=%00", "q=(firstname:EQUALS:a)&rows=-1", "q=(firstname:EQUALS:a)&rows=x",
        "q=(firstname:EQUALS:a)&start=1.5", "q=(firstname:EQUALS:a)&start=" + "9" * 30, "q=" + "(" * 5000,
        "q=" + "&".join(["(firstname:EQUALS:a)"] * 900), "q=" + "&".join(["(firstname:EQUALS:a)"] * 2000), "rows=5",
    ],
)  # fmt: skip
def test_requests_that_are_too_much_are_400(api, query):
    assert api.call("GET", "search", query).http.status_code == 400


@pytest.mark.parametrize("query", ["q=(firstname:EQUALS:%ED%A0%80)", "q=(firstname:IN:%FF;%C3%20)", "q=firstname:%F4%8F%BF%BF"])
def test_an_invalid_text_finds_no_customer(api, query):
    assert api.call("GET", "search", query).customer["count"] == "0"


def test_pages_in_the_order_of_ids(api, people):
    pages = [names_of(api, "(firstname:IN:anna;bina;ümit)", start=start, rows=2) for start in (0, 2, 4)]
    assert pages == [["Anna", "Bina"], ["Ümit"], []]
    beyond = find(api, "(lastname:STARTS:rao)", start=5).customer
    assert (beyond["count"], beyond["start"], beyond["results"]) == ("2", "5", {"item": []})
    assert find(api, "(firstname:anna)", rows=1000).customer["rows"] == "100"
    assert find(api, "(firstname:anna)", rows=0, start="").customer["rows"] == "10"
    assert find(api, "(firstname:anna)", start="9" * 18).customer["count"] == "1"


def test_member_care_access_narrows_to_the_callers_store(api, people):
    other = Api(TillFactory(store__organization=api.till.organization, store__code="del.cp", code="cp.till1"))
    other.add(mobile="9812300009", firstname="Anna")
    assert names_of(other, "(firstname:anna)") == ["Anna", "Anna"]
    assert find(other, "(firstname:anna)", member_care_access="true").customer["count"] == "1"
    assert find(api, "(firstname:anna)", member_care_access="1").customer["count"] == "1"


def test_another_organization_finds_no_customer(api, stranger_api, people):
    for q in ("(firstname:anna)", "(mobile:EQUALS:9812300001)", "(mobile:ENDS:1)", "(loyalty_points:GREATER:-1)"):
        assert find(stranger_api, q).customer["count"] == "0"


def test_a_replaced_identifier_finds_no_customer(api, people):
    Identifier.objects.filter(value="919812300001").update(state="FORMER", exclusive=False)
    Identifier.objects.filter(value="bina@example.com").update(state="MERGED", customer=people[0])
    assert names_of(api, "(mobile:EQUALS:9812300001)") == []
    assert names_of(api, "(email:EQUALS:bina@example.com)") == ["Anna"]
    assert names_of(api, "(email:ENDS:@example.com)") == ["Anna"]
    (item,) = find(api, "(email:STARTS:bina)").customer["results"]["item"]
    assert item["email"] == "anna@example.com"


def test_other_methods_are_405(api):
    assert api.call("POST", "search", "q=(firstname:anna)", {}).http.status_code == 405


@pytest.mark.parametrize("rows", [1, 3])
def test_the_number_of_queries_does_not_grow_with_what_is_found(api, people, rows, django_assert_num_queries):
    names_of(api, "(firstname:IN:anna)")
    names = ";".join(["anna", "bina", "ümit"][:rows])
    # Beside those of a read: a savepoint, its limits, count and page. (The savepoint ends by two statements.)
    with django_assert_num_queries(SURE_READ_STATEMENTS + 6):
        assert len(names_of(api, f"(firstname:IN:{names})")) == rows


@pytest.mark.django_db(transaction=True)
def test_a_search_that_takes_too_long_is_461(settings):
    settings.SEARCH_TIMEOUT = 0.2
    till = committed_till()
    with organization_scope(till.organization_id):
        assert find(Api(till), "(firstname:anna)").customer["count"] == "0"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE customers_customer IN ACCESS EXCLUSIVE MODE")
        (answer,) = race([[1]], lambda _: find(Api(till), "(firstname:anna)"))
    assert (answer.http.status_code, answer.status) == (
        461,
        {"success": "false", "code": 461, "message": "Search is busy, please retry later"},
    )
