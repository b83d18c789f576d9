"""To which till or store does a call of an API client count?"""

import pytest

from organizations.credentials.models import ApiClient
from organizations.credentials.tokens import issue_token
from organizations.locations.models import Store, Till
from tests.factories.credentials import ApiClientFactory
from tests.factories.locations import StoreFactory, TillFactory
from tests.organizations.probe import ask, basic, call_of

pytestmark = [pytest.mark.urls("tests.organizations.probe"), pytest.mark.django_db]


@pytest.fixture
def cp(till: Till) -> Till:
    """The till of northwind's other store."""
    store = StoreFactory(organization=till.organization, code="del.cp", name="Connaught Place", external_id="1002")
    return TillFactory(store=store, code="cp.till1")


@pytest.fixture
def token(client_row: ApiClient, cp: Till) -> str:
    return issue_token(client_row)


def attributed(token: str, value: str, kind: str = "", method: str = "POST"):
    named = {"X_CAP_API_ATTRIBUTION_ENTITY_TYPE": kind} if kind else {}
    return ask(method=method, X_CAP_API_OAUTH_TOKEN=token, X_CAP_API_ATTRIBUTION_ENTITY_CODE=value, **named)


def where(answer) -> tuple[str, str]:
    call = call_of(answer)
    assert call["notices"] == []
    return call["till"], call["store"]


def assert_falls_back(answer) -> None:
    call = call_of(answer)
    assert (call["till"], call["store"], call["notices"]) == ("mgroad.till1", "blr.mgroad", ["91021"])


def test_without_headers_the_clients_till_counts(token: str) -> None:
    assert where(ask(X_CAP_API_OAUTH_TOKEN=token)) == ("mgroad.till1", "blr.mgroad")


@pytest.mark.parametrize("kind", ["", "TILL", "till"])
def test_a_till_counts_with_its_store(token: str, kind: str) -> None:
    assert where(attributed(token, "cp.till1", kind)) == ("cp.till1", "del.cp")
    assert where(attributed(token, "cp.till1", kind, method="GET")) == ("cp.till1", "del.cp")


def test_the_legacy_header_names_a_till_and_yields_to_the_newer(token: str) -> None:
    legacy = {"X_CAP_API_OAUTH_TOKEN": token, "X_CAP_API_ATTRIBUTION_TILL_CODE": "cp.till1"}
    assert where(ask(**legacy)) == ("cp.till1", "del.cp")
    assert where(ask(**legacy, X_CAP_API_ATTRIBUTION_ENTITY_CODE="mgroad.till1")) == ("mgroad.till1", "blr.mgroad")
    assert where(ask(**legacy, X_CAP_API_ATTRIBUTION_ENTITY_TYPE="STORE_CODE")) == ("cp.till1", "del.cp")


@pytest.mark.parametrize(
    ("kind", "value"), [("STORE_CODE", "del.cp"), ("STORE_NAME", "Connaught Place"), ("STORE_EXTERNAL_ID", "1002")]
)
def test_a_store_counts_without_a_till(token: str, kind: str, value: str) -> None:
    assert where(attributed(token, value, kind)) == ("", "del.cp")


def test_the_clients_own_store_counts_with_the_clients_till(token: str) -> None:
    assert where(attributed(token, "blr.mgroad", "STORE_CODE")) == ("mgroad.till1", "blr.mgroad")


def test_a_store_name_in_any_script_is_found(token: str, till: Till) -> None:
    StoreFactory(organization=till.organization, code="del.kb", name="करोल बाग")
    # On the wire a header is bytes; Django's test client takes them as Latin-1 text.
    assert where(attributed(token, "करोल बाग".encode().decode("latin-1"), "STORE_NAME")) == ("", "del.kb")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("TILL", "no.such.till"),
        ("TILL", "bazaar.till1"),
        ("STORE_CODE", "bazaar.main"),
        ("STORE_CODE", "no.such.store"),
        ("STORE_EXTERNAL_ID", "9999"),
        ("STORE_EXTERNAL_ID_1", "1002"),
        ("STORE_EXTERNAL_ID_2", "1002"),
        ("ZONE", "south"),
    ],
)
def test_an_unknown_name_is_a_warning_on_writes_an_error_on_reads(token: str, stranger: Till, kind: str, value: str) -> None:
    assert_falls_back(attributed(token, value, kind))
    read = attributed(token, value, kind, method="GET")
    assert (read.status_code, read.json()["response"]["status"]["code"]) == (400, 400)


def test_what_is_switched_off_is_unknown(token: str, cp: Till) -> None:
    Store.objects.filter(pk=cp.store_id).update(is_active=False)
    assert_falls_back(attributed(token, "del.cp", "STORE_CODE"))
    Till.objects.filter(pk=cp.pk).update(is_active=False)
    assert_falls_back(attributed(token, "cp.till1"))


def test_a_name_that_two_stores_have_is_unknown(token: str, till: Till) -> None:
    StoreFactory(organization=till.organization, code="del.cp2", name="Connaught Place")
    assert_falls_back(attributed(token, "Connaught Place", "STORE_NAME"))


def test_a_till_is_attributed_to_itself_whatever_its_headers(token: str) -> None:
    answer = ask(Authorization=basic(), X_CAP_API_ATTRIBUTION_ENTITY_CODE="cp.till1")
    assert where(answer) == ("mgroad.till1", "blr.mgroad")


def test_another_organizations_client_stays_in_its_own(stranger: Till, till: Till) -> None:
    foreign = issue_token(ApiClientFactory(till=stranger, key="bz-key"))
    call = call_of(attributed(foreign, "mgroad.till1"))
    assert (call["organization"], call["till"], call["notices"]) == ("bazaar", "bazaar.till1", ["91021"])


def at_named_till(token: str, name: str) -> dict[str, object]:
    return call_of(ask(f"probe?till_id={name}", method="POST", X_CAP_API_OAUTH_TOKEN=token))


def test_an_item_of_a_client_names_its_till_by_code_or_id(token: str, cp: Till) -> None:
    for name in ("cp.till1", str(cp.pk)):
        call = at_named_till(token, name)
        assert (call["till"], call["store"], call["notices"]) == ("cp.till1", "del.cp", [])


def test_an_unknown_or_inactive_till_that_an_item_names_is_a_warning(token: str, cp: Till) -> None:
    Till.objects.filter(pk=cp.pk).update(is_active=False)
    for name in ("nowhere", "cp.till1", "9" * 30):
        call = at_named_till(token, name)
        assert (call["till"], call["notices"]) == ("mgroad.till1", ["91020"])


def test_an_item_of_a_till_names_none(till: Till, cp: Till) -> None:
    call = call_of(ask("probe?till_id=cp.till1", method="POST", Authorization=basic()))
    assert (call["till"], call["notices"]) == ("mgroad.till1", [])
