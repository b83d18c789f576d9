"""Values as they are written, stored and found (docs/protocol.md 2.2, 7)."""

from typing import Any
from urllib.parse import quote

import pytest

from customers.cards.models import Card
from customers.identity_requests.models import IdentityRequest
from tests.api import Answer, Api
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.customers import IdentifierFactory
from tests.factories.identity_requests import set_flags

pytestmark = pytest.mark.django_db
EMIRATI = "971501234567"


def get(api: Api, **given: str) -> Answer:
    return api.get("&".join(f"{name}={quote(value)}" for name, value in {**given, "user_id": "true"}.items()))


def found(api: Api, **given: str) -> int | None:
    """The id of the customer that a read finds."""
    answer = get(api, **given)
    return int(answer.item["user_id"]) if answer.code == "1000" else None


def count(api: Api, q: str) -> str:
    number: str = api.call("GET", "search", f"q={quote(q)}").customer["count"]
    return number


@pytest.fixture
def stored_elsewhere(api: Api) -> int:
    """The id of a customer with a mobile of the Emirates, which are not configured any more."""
    customer_id: int = api.add(external_id="NW-1").item["user_id"]
    IdentifierFactory(organization=api.till.organization, customer_id=customer_id, value=EMIRATI, value_folded=EMIRATI)
    api.till.organization.countries = []
    api.till.organization.save()
    return customer_id


@pytest.mark.parametrize("written", ["971501234567", "+971 50 123 4567", "00971-50-1234567"])
def test_a_mobile_of_a_former_country_is_found(api: Api, stored_elsewhere: int, written: str) -> None:
    assert found(api, mobile=written) == stored_elsewhere
    assert count(api, f"(mobile:EQUALS:{written})") == "1"


def test_a_new_mobile_of_a_former_country_is_refused(api: Api, stored_elsewhere: int) -> None:
    assert api.add(mobile="+971501234568").code == "1001"
    assert get(api, mobile="+971501234568").code == "1042"


def test_a_customer_is_updated_by_a_mobile_of_a_former_country(api: Api, stored_elsewhere: int) -> None:
    for call in (api.update, api.add):
        item = call(mobile="+971 50 123 4567", firstname="Ann").item
        assert (item["user_id"], item["mobile"], item["firstname"]) == (stored_elsewhere, "971501234567", "Ann")
    assert api.update(mobile="+971501234568").code == "1001"
    assert api.update(external_id="NW-1", mobile="+971501234568").code == "1001"


def test_a_mobile_of_a_former_country_can_be_changed(api: Api, stored_elsewhere: int) -> None:
    item = {"identifier": "mobile", "old_value": "+971 50 123 4567", "new_value": "98123 00009"}
    answer = api.call("POST", "update_identity", "", {"root": {"customer": [item]}})
    assert answer.response["customers"]["customer"]["item_status"]["code"] == "1040"
    assert IdentityRequest.objects.get().customer_id == stored_elsewhere


def test_a_lenient_organization_takes_mobiles_of_unknown_ranges(api: Api) -> None:
    assert api.add(mobile="+915651912345").code == "1001"
    set_flags(api.till.organization, MOBILE_VALIDATION_LENIENT=1)
    user_id = api.add(mobile="+915651912345").item["user_id"]
    set_flags(api.till.organization, MOBILE_VALIDATION_LENIENT=0)
    assert found(api, mobile="+91 56519 12345") == user_id


def test_an_address_is_found_by_either_form_of_its_domain(api: Api) -> None:
    added = api.add(email="Guest@B\u00fccher.example").item
    assert added["email"] == "guest@xn--bcher-kva.example"
    for email in ("guest@b\u00fccher.example", "guest@B\u00dcCHER.example", "guest@xn--bcher-kva.example"):
        assert found(api, email=email) == added["user_id"]
        assert count(api, f"(email:EQUALS:{email})") == "1"
    assert count(api, "(email:ENDS:@b\u00fccher.example)") == "1"


def test_an_external_id_is_found_with_and_without_invisible_characters(api: Api) -> None:
    added = api.add(external_id="\ufeffNW-\u200b7").item
    assert added["external_id"] == "NW-7"
    assert api.add(external_id="NW\u2060-7").item["user_id"] == added["user_id"]
    for external_id in ("NW-7", "NW-\u200b7", "\u202aNW-7\u202c"):
        assert found(api, external_id=external_id) == added["user_id"]
        assert count(api, f"(external_id:EXACT:{external_id})") == "1"


def test_a_look_up_by_invisible_characters_alone_is_blank(api: Api) -> None:
    assert get(api, external_id="\u200b").code == "1015"


def test_a_card_is_issued_and_found_with_invisible_characters(api: Api) -> None:
    series = CardSeriesFactory(organization=api.till.organization)
    CardFactory(series=series, number="GOLD1", external_id="X1")
    added = api.add(mobile="9812345678", card_number="GOLD\u200b1")
    assert (added.code, added.warnings) == ("1000", [])
    assert Card.objects.get().customer_id == added.item["user_id"]
    assert found(api, card_number="\ufeffGOLD1") == found(api, card_external_id="X\u00ad1") == added.item["user_id"]


@pytest.mark.parametrize(
    ("firstname", "q"),
    [
        ("Stra\u00dfe", "EQUALS:STRASSE"),
        ("\u0130pek", "EQUALS:ipek"),
        ("I\u015f\u0131l", "EQUALS:i\u015fil"),
        ("ipek", "STARTS:\u0130P"),
        ("O\u2019Neil", "EQUALS:o'neil"),
        ("O'Neil", "EXACT:O\u2019Neil"),
        ("Jean-Luc", "STARTS:jean\u2013l"),
        ("Ann Marie", "ENDS:\u00a0marie"),
        ("\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "EQUALS:\u0639\u0644\u06cc\u0631\u0636\u0627"),
    ],
)
def test_a_name_is_found_however_it_is_written(api: Api, firstname: str, q: str) -> None:
    assert api.add(mobile="9812345678", firstname=firstname).warnings == []
    assert count(api, f"(firstname:{q})") == "1"


def test_fields_and_options_are_named_with_any_i(api: Api) -> None:
    answer = api.add(mobile="9812345678", custom_fields={"field": [{"name": "FAVOR\u0130TECOLOR", "value": "\uff32ED"}]})
    assert answer.warnings == []


@pytest.mark.parametrize("name", ["x" * 101, "Mina \U0001f600", "An@n"])
def test_what_a_name_loses_is_warned_of(api: Api, name: str) -> None:
    added: Any = api.add(mobile="9812345678", firstname=name)
    assert (added.code, added.warnings) == ("1000", ["91003"])
