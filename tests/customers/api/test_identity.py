"""customer/update_identity: what goes in and what comes out. The rules have tests of their own."""

from typing import Any

from customers.identity_requests.models import IdentityRequest
from customers.profile.models import Customer
from customers.validation_codes.models import ValidationCode
from customers.validation_codes.services import Purpose, issue_code
from loyalty_project import clock
from organizations.tenancy.models import Organization
from tests.api import Answer, Api, fields
from tests.factories.identity_requests import set_flags
from tests.factories.locations import till_actor

OLD, NEW = "919812300001", "919812300009"
WISH = {"identifier": "mobile", "old_value": OLD, "new_value": NEW}


def change(api: Api, *items: dict[str, Any], **headers: str) -> Answer:
    return api.call("POST", "update_identity", "", {"root": {"customer": list(items)}}, **headers)


def item_of(answer: Answer) -> dict[str, Any]:
    """The one object of the answer."""
    content: dict[str, Any] = answer.response["customers"]["customer"]
    return content


def test_a_request_is_answered_by_one_object(api: Api, anna: Customer) -> None:
    answer = change(api, WISH)
    assert answer.status == {"success": "true", "code": 200, "message": "Success"}
    item = item_of(answer)
    assert list(item) == ["identifier", "old_value", "new_value", "updated", "item_status"]
    assert item == {
        **WISH,
        "updated": "true",
        "item_status": {
            "success": "true",
            "code": "1040",
            "message": "Customer Identity change request added successfully",
            "warnings": {"warning": []},
        },
    }
    assert IdentityRequest.objects.get().customer == anna


def test_values_are_answered_as_they_were_sent_and_under_one_name(api: Api, anna: Customer) -> None:
    item = item_of(change(api, {"identifier": "MOBILE", "old_identifier": "98123 00001", "new_identifier": "98123 00009"}))
    assert (item["identifier"], item["old_value"], item["new_value"]) == ("MOBILE", "98123 00001", "98123 00009")
    assert IdentityRequest.objects.get().new_value == NEW


def test_a_refusal_echoes_the_item_and_updates_nothing(api: Api, anna: Customer) -> None:
    answer = change(api, {"identifier": "mobile", "old_value": "9812300005", "new_value": NEW})
    assert answer.http.status_code == 200
    assert answer.status == {"success": "false", "code": 500, "message": "All requests have failed due to errors"}
    item = item_of(answer)
    assert list(item) == ["identifier", "old_value", "new_value", "updated", "item_status"]
    assert (item["updated"], item["item_status"]["code"]) == ("false", "1012")
    assert item_of(change(api, {"old_value": OLD, "new_value": " "}))["item_status"]["code"] == "1041"


def test_echoes_of_a_refused_change_are_cut_at_300_characters(api: Api, anna: Customer) -> None:
    item = item_of(change(api, {"identifier": "x" * 301, "old_value": "y" * 301, "new_value": "z" * 301}))
    assert [item[key] for key in ("identifier", "old_value", "new_value")] == ["x" * 300, "y" * 300, "z" * 300]


def test_an_xml_request_is_answered_in_xml(api: Api, anna: Customer) -> None:
    body = "<root><customer>" + "".join(f"<{key}>{value}</{key}>" for key, value in WISH.items())
    body += "<verification><field><name>firstname</name><value>anna</value></field></verification></customer></root>"
    answer = api.call("POST", "update_identity.xml", "", body, Content_Type="application/xml")
    (item,) = answer.xml.findall("customers/customer")
    assert [element.tag for element in item] == ["identifier", "old_value", "new_value", "updated", "item_status"]
    assert (item.findtext("updated"), item.findtext("item_status/code")) == ("true", "1040")


def test_one_item_a_call(api: Api, anna: Customer) -> None:
    answer = change(api, WISH, WISH)
    assert (answer.http.status_code, answer.status["code"]) == (400, 1060)
    assert change(api).status["code"] == 400
    assert api.call("GET", "update_identity").status["code"] == 405
    assert not IdentityRequest.objects.exists()


def test_a_retry_with_its_key_is_answered_as_before(api: Api, anna: Customer) -> None:
    first = change(api, WISH, Idempotency_Key="k-1")
    again = change(api, WISH, Idempotency_Key="k-1")
    assert (again.http.content, again.is_replayed) == (first.http.content, True)
    assert IdentityRequest.objects.count() == 1
    assert item_of(change(api, WISH, Idempotency_Key="k-2"))["item_status"]["code"] == "9028"


def test_a_wrong_code_counts_with_a_key_as_without(api: Api, organization: Organization, anna: Customer) -> None:
    organization.identity_verification = {"otp": True}
    organization.save()
    issue_code(anna.pk, purpose=Purpose.IDENTITY, by=till_actor(api.till), now=clock.now())
    for headers in ({}, {"Idempotency_Key": "k-1"}, {"Idempotency_Key": "k-1"}):
        item = item_of(change(api, {**WISH, "validation_code": "000000"}, **headers))
        assert item["item_status"]["code"] == "1021"
    assert ValidationCode.objects.get().tries == 2


def test_a_national_number_is_one_of_the_country_that_the_call_names(api: Api, organization: Organization) -> None:
    api.add(mobile="+447400123456")
    wish = {"identifier": "mobile", "old_value": "7400123456", "new_value": "7400123457"}
    assert item_of(change(api, wish, X_CAP_CLIENT_COUNTRYCODE="44"))["item_status"]["code"] == "1040"
    assert IdentityRequest.objects.get().new_value == "447400123457"


def test_answers_about_fields_are_read(api: Api, organization: Organization, anna: Customer) -> None:
    organization.identity_verification = {"mandatory": ["city"]}
    organization.save()
    api.update(mobile=OLD, extended_fields=fields(city="Pune"))
    assert item_of(change(api, {**WISH, "verification": fields(city="Goa")}))["item_status"]["code"] == "1025"
    assert item_of(change(api, {**WISH, "verification": fields(City="pune")}))["item_status"]["code"] == "1040"


def test_a_customer_of_another_organization_is_not_found(stranger_api: Api, anna: Customer) -> None:
    assert item_of(change(stranger_api, WISH))["item_status"]["code"] == "1012"


def code_of(answer: Answer) -> str:
    code: str = item_of(answer)["item_status"]["code"]
    return code


def test_a_status_that_blocks_it_is_refused(api: Api, anna: Customer) -> None:
    api.add(mobile=OLD, fraud_status={"status": "CONFIRMED"})
    assert code_of(change(api, WISH)) == "618"


def test_who_is_not_loyal_is_refused(api: Api, organization: Organization) -> None:
    api.add(mobile="9812300005", type="NON_LOYALTY")
    assert code_of(change(api, {**WISH, "old_value": "9812300005"})) == "1013"


def test_what_is_malformed_is_refused(api: Api, anna: Customer) -> None:
    assert code_of(change(api, {**WISH, "new_value": "12ab"})) == "1042"
    assert code_of(change(api, {**WISH, "old_value": "12ab"})) == "1042"
    assert code_of(change(api, {"identifier": "email", "old_value": "anna.rao@example.com", "new_value": "none"})) == "1042"


def test_a_value_that_holds_nul_is_400_for_the_item(api: Api, anna: Customer) -> None:
    assert code_of(change(api, {**WISH, "new_value": "98\x0012300006"})) == "400"
    assert not IdentityRequest.objects.exists()


def test_who_does_not_know_enough_of_the_customer_is_refused(api: Api, organization: Organization, anna: Customer) -> None:
    organization.identity_verification = {"mandatory": ["firstname"], "optional": ["lastname", "email"], "optional_matches": 1}
    organization.save()
    assert code_of(change(api, {**WISH, "verification": fields(shoe_size="44", firstname="Bea")})) == "1027"
    assert code_of(change(api, {**WISH, "verification": fields(firstname="Bea", lastname="Rao")})) == "1025"
    assert code_of(change(api, {**WISH, "verification": fields(firstname="Anna", lastname="Iyer")})) == "1026"
    assert code_of(change(api, {**WISH, "verification": fields(firstname="Anna", lastname="rao")})) == "1040"


def test_a_value_of_another_is_refused_without_merging(api: Api, organization: Organization, anna: Customer) -> None:
    set_flags(organization, AUTO_MERGE_ON_IDENTIFIER_COLLISION=False, CONF_LOYALTY_ALLOW_EXTERNAL_ID_UPDATE=True)
    taken = {"mobile": "919812300005", "email": "bela@example.com", "external_id": "NW-0005"}
    own = {"mobile": OLD, "email": "anna.rao@example.com", "external_id": "NW-0001"}
    api.add(**taken)
    asked = {kind: {"identifier": kind, "old_value": own[kind], "new_value": taken[kind]} for kind in taken}
    answers = {kind: code_of(change(api, wish)) for kind, wish in asked.items()}
    assert answers == {"mobile": "1032", "email": "1016", "external_id": "1033"}
