"""What happens to every call of a till or API client before its action?"""

import logging
from datetime import UTC, datetime

import pytest
import structlog
import time_machine

from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import no_scope
from tests.organizations.probe import ask, basic, call_of

pytestmark = [pytest.mark.urls("tests.organizations.probe"), pytest.mark.django_db]


def status(answer) -> tuple[int, int]:
    return answer.status_code, answer.json()["response"]["status"]["code"]


def limit_to(organization: Organization, calls: int) -> None:
    organization.flags = {"RATE_LIMIT_PER_MINUTE": calls}
    organization.save()


def test_a_call_knows_who_makes_it_and_sees_its_organization_alone(till: Till, stranger: Till) -> None:
    with no_scope():
        answer = ask(Authorization=basic())
    assert call_of(answer) == {
        "organization": "northwind",
        "actor": "till:mgroad.till1",
        "source": "API",
        "till": "mgroad.till1",
        "store": "blr.mgroad",
        "request_id": answer["X-Cap-Requestid"],
        "user_context": {},
        "country_code": "",
        "language": "",
        "replay": "False",
        "notices": [],
        "tills": {"till": ["mgroad.till1"]},
    }
    other = call_of(ask(Authorization=basic("bazaar.till1")))
    assert (other["organization"], other["tills"]) == ("bazaar", {"till": ["bazaar.till1"]})


def test_a_call_reads_its_headers(till: Till) -> None:
    call = call_of(
        ask(
            Authorization=basic(),
            USER_CONTEXT_ENTITY_ID="asha",
            X_CAP_CLIENT_COUNTRYCODE="+44",
            language="hi",
            X_CAP_DIRECT_REPLAY="true",
        )
    )
    assert call["user_context"] == {"USER-CONTEXT-ENTITY-ID": "asha"}
    assert (call["country_code"], call["language"], call["replay"]) == ("44", "hi", "True")


@pytest.mark.parametrize(
    ("action", "method", "code"),
    [
        ("probe", "PUT", 405),
        ("probe", "DELETE", 405),
        ("probe", "OPTIONS", 405),
        ("written", "GET", 405),
        ("unknown", "GET", 404),
        ("unknown", "POST", 404),
        ("unknown", "DELETE", 404),
    ],
)
def test_errors_are_ordered_credential_address_rest(till: Till, action: str, method: str, code: int) -> None:
    assert status(ask(action, method=method)) == (401, 401)
    assert status(ask(action, method=method, Authorization=basic())) == (code, code)


def test_a_refused_method_lists_the_allowed_ones(till: Till) -> None:
    assert ask("probe", method="PUT", Authorization=basic())["Allow"] == "GET, POST"
    assert ask("written", Authorization=basic())["Allow"] == "POST"


def test_head_is_refused(till: Till) -> None:
    assert ask(method="HEAD", Authorization=basic()).status_code == 405


@pytest.mark.parametrize(("action", "code"), [("probe", 200), ("unknown", 404), ("written", 405), ("broken", 500)])
def test_every_authenticated_answer_has_rate_limit_headers(till: Till, action: str, code: int) -> None:
    limit_to(till.organization, 10)
    with time_machine.travel(datetime(2026, 5, 1, 12, 0, 18, tzinfo=UTC), tick=False):
        first, second = (ask(action, Authorization=basic()) for _ in range(2))
    assert (first.status_code, second.status_code) == (code, code)
    assert (first["X-RateLimit-Limit"], first["X-RateLimit-Remaining"]) == ("10", "9")
    assert second["X-RateLimit-Remaining"] == "8"
    assert int(first["X-RateLimit-Reset"]) == datetime(2026, 5, 1, 12, 1, tzinfo=UTC).timestamp()


def test_a_call_above_the_limit_is_refused_with_retry_after(till: Till) -> None:
    limit_to(till.organization, 2)
    with time_machine.travel(datetime(2026, 5, 1, 12, 0, 18, tzinfo=UTC), tick=False) as now:
        answers = [ask(Authorization=basic()) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert status(answers[2]) == (429, 429)
        assert answers[2]["Retry-After"] == "42"
        assert answers[2]["X-RateLimit-Remaining"] == "0"
        assert "Retry-After" not in answers[1]
        assert status(ask("unknown", Authorization=basic())) == (429, 429)
        now.shift(42)
        assert ask(Authorization=basic()).status_code == 200


def test_a_refused_credential_spends_nothing_and_learns_nothing(till: Till) -> None:
    limit_to(till.organization, 1)
    for _ in range(3):
        assert "X-RateLimit-Limit" not in ask(Authorization=basic(password="wrong"))
    assert ask(Authorization=basic()).status_code == 200


def test_the_log_names_the_caller_while_the_call_lasts(till: Till, caplog) -> None:
    with caplog.at_level(logging.ERROR):
        assert status(ask("broken", Authorization=basic())) == (500, 500)
    event = caplog.records[-1].msg
    assert (event["organization"], event["caller"], event["till"]) == ("northwind", "till:mgroad.till1", "mgroad.till1")
    assert not {"organization", "caller", "till"} & structlog.contextvars.get_contextvars().keys()
