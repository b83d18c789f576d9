"""Who is calling?"""

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries

from organizations.credentials import verification_cache as proofs_module
from organizations.credentials.hashing import set_till_password, sha256_digest
from organizations.credentials.models import ApiClient, CredentialFailure
from organizations.credentials.tokens import issue_token
from organizations.credentials.verification_cache import verified_secrets
from organizations.locations.models import Till
from tests.factories.locations import TILL_PASSWORD, digest
from tests.organizations.probe import ask, basic, call_of, raw_basic
from tests.races import race

pytestmark = [pytest.mark.urls("tests.organizations.probe"), pytest.mark.django_db]


def assert_refused(answer) -> None:
    assert answer.status_code == 401
    assert answer.json() == {
        "response": {
            "status": {
                "success": "false",
                "code": 401,
                "message": "Please check your username/password or authentication token",
            }
        }
    }
    assert answer["WWW-Authenticate"].startswith("Basic ")


def test_a_till_proves_itself_with_the_digest_of_its_password(till: Till) -> None:
    assert call_of(ask(Authorization=basic()))["actor"] == "till:mgroad.till1"
    assert call_of(ask(Authorization=raw_basic(f"mgroad.till1:{digest().upper()}")))["actor"] == "till:mgroad.till1"


@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_a_till_proves_itself_with_a_sha256_digest(till: Till, case: Callable[[str], str]) -> None:
    credential = case(sha256_digest(TILL_PASSWORD))
    assert call_of(ask(Authorization=raw_basic(f"mgroad.till1:{credential}")))["actor"] == "till:mgroad.till1"


def test_a_till_without_a_sha256_hash_keeps_its_md5_digest(till: Till) -> None:
    Till.objects.filter(pk=till.pk).update(password_hash_sha256="")
    assert ask(Authorization=basic()).status_code == 200
    assert_refused(ask(Authorization=raw_basic(f"mgroad.till1:{sha256_digest(TILL_PASSWORD)}")))


def test_a_sha256_digest_of_something_else_is_refused(till: Till) -> None:
    for secret in ("wrong", digest()):
        assert_refused(ask(Authorization=raw_basic(f"mgroad.till1:{sha256_digest(secret)}")))


def test_the_scheme_is_known_in_any_case(till: Till) -> None:
    assert ask(Authorization=basic().replace("Basic", "bASIC ")).status_code == 200


def test_base64_without_padding_is_understood(till: Till) -> None:
    assert ask(Authorization=basic().rstrip("=")).status_code == 200


def test_a_warm_call_costs_one_query(till: Till, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    ask("bare", Authorization=basic())
    with django_assert_num_queries(1):
        assert ask("bare", Authorization=basic()).status_code == 200


def test_a_warm_call_by_token_costs_one_query(client_row: ApiClient, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    token = issue_token(client_row)
    ask("bare", X_CAP_API_OAUTH_TOKEN=token)
    with django_assert_num_queries(1):
        assert ask("bare", X_CAP_API_OAUTH_TOKEN=token).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic é",
        "Basic " + "QUJD" * 1000,
        raw_basic("mgroad.till1"),
        raw_basic(":"),
        raw_basic("mgroad.till1:"),
        raw_basic("mgroad.till1:till-secret"),
        raw_basic("mgroad.till1:" + "g" * 32),
        raw_basic("mgroad.till1:" + "0" * 33),
        raw_basic("mgroad.till1:" + "0" * 40),
        raw_basic("mgroad.till1:" + "0" * 63),
        raw_basic("MGROAD.TILL1:" + digest()),
        raw_basic(":" + digest()),
        raw_basic("mgroad.till1\0:" + digest()),
        raw_basic("mgröad:" + digest()),
        raw_basic("mgroad.till1:" + digest() + "\n"),
        "Digest " + basic()[6:],
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
    ],
)
def test_what_is_no_credential_is_refused_without_being_counted(till: Till, authorization: str) -> None:
    assert_refused(ask(Authorization=authorization))
    assert not CredentialFailure.objects.exists()


def test_nothing_at_all_is_refused(till: Till) -> None:
    assert_refused(ask())


def test_a_wrong_password_and_an_unknown_till_are_refused_and_counted(till: Till) -> None:
    assert_refused(ask(Authorization=basic(password="wrong")))
    assert_refused(ask(Authorization=basic("no.such.till")))
    counted = CredentialFailure.objects.order_by("name").values_list("name", "address", "failures")
    assert list(counted) == [("till:mgroad.till1", "127.0.0.1", 1), ("unknown", "127.0.0.1", 1)]


def test_a_till_that_is_switched_off_is_refused_at_once(till: Till) -> None:
    assert ask(Authorization=basic()).status_code == 200
    till.is_active = False
    till.save()
    assert_refused(ask(Authorization=basic()))
    till.is_active = True
    till.save()
    assert ask(Authorization=basic()).status_code == 200


def test_a_changed_password_counts_at_once(till: Till) -> None:
    assert ask(Authorization=basic()).status_code == 200
    set_till_password(till, "new")
    till.save()
    assert_refused(ask(Authorization=basic()))
    assert ask(Authorization=basic(password="new")).status_code == 200


def test_guessing_locks_out_the_guesser_not_the_shop(till: Till) -> None:
    for number in range(6):
        assert_refused(ask(Authorization=basic(password=f"guess {number}")))
    assert_refused(ask(Authorization=basic()))
    assert CredentialFailure.objects.get().failures == 5


def test_guessing_from_the_shops_own_address_leaves_its_proved_till_alone(till: Till) -> None:
    assert ask(Authorization=basic()).status_code == 200
    for number in range(6):
        assert_refused(ask(Authorization=basic(password=f"guess {number}")))
    assert ask(Authorization=basic()).status_code == 200
    verified_secrets.clear()  # as after a restart
    for number in range(6):
        assert_refused(ask(Authorization=basic(password=f"guess {number}")))
    assert ask(Authorization=basic()).status_code == 200


def test_a_forged_forwarded_address_is_no_new_address(till: Till, settings) -> None:
    settings.TRUSTED_PROXIES = 1
    for number in range(6):
        ask(Authorization=basic(password="guess"), X_Forwarded_For=f"198.51.100.{number}, 203.0.113.9")
    assert list(CredentialFailure.objects.values_list("address", "failures")) == [("203.0.113.9", 5)]


def test_when_too_many_secrets_wait_the_service_is_unavailable(till: Till, monkeypatch) -> None:
    monkeypatch.setattr(proofs_module, "LONGEST_WAIT", 0.01)
    with proofs_module._slow_hash:
        answer = ask(Authorization=basic())
    assert answer.status_code == 503
    assert answer.json()["response"]["status"]["code"] == 503
    assert answer.json()["response"]["status"]["message"] == "Authorisation service is unavailable"


@pytest.mark.parametrize("header", ["X_CAP_API_OAUTH_TOKEN", "CAP_API_ACCESS_TOKEN", "X_CAP_API_ACCESS_TOKEN"])
def test_a_token_is_accepted_in_every_documented_header(client_row: ApiClient, header: str) -> None:
    assert call_of(ask(**{header: issue_token(client_row)}))["actor"] == "client:nw-key-1"


def test_a_token_is_accepted_as_a_bearer(client_row: ApiClient) -> None:
    assert call_of(ask(Authorization=f"Bearer {issue_token(client_row)}"))["till"] == "mgroad.till1"
    assert call_of(ask(Authorization=f"bearer  {issue_token(client_row)}"))["till"] == "mgroad.till1"


def test_a_token_header_wins_over_basic_good_or_bad(client_row: ApiClient) -> None:
    both = call_of(ask(Authorization=basic(), X_CAP_API_OAUTH_TOKEN=issue_token(client_row)))
    assert both["actor"] == "client:nw-key-1"
    assert_refused(ask(Authorization=basic(), X_CAP_API_OAUTH_TOKEN="nonsense"))


def test_a_blank_token_header_is_none(till: Till) -> None:
    assert call_of(ask(Authorization=basic(), X_CAP_API_OAUTH_TOKEN=" "))["actor"] == "till:mgroad.till1"


def test_a_spoiled_token_is_refused_like_a_wrong_password(client_row: ApiClient) -> None:
    token = issue_token(client_row)
    assert_refused(ask(X_CAP_API_OAUTH_TOKEN=token[:-6] + "AAAAAA"))


@pytest.mark.django_db(transaction=True)
def test_a_busy_till_proves_itself_once(till: Till) -> None:
    answers = race([[None] * 3] * 6, lambda _: ask("bare", Authorization=basic()).status_code)
    assert answers == [200] * 18
    assert len(verified_secrets) == 1
    assert CredentialFailure.objects.get().failures == 0
