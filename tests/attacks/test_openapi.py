"""Calls that schemathesis makes of docs/openapi.yaml: none is a server error, and answers are as the document says.

A few calls of each operation run by default; `make prove` makes many.
"""

import json
import os
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import yaml
from django.conf import settings as django_settings
from django.db import transaction
from django.http import HttpResponse
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode

from customers.profile.models import Customer
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.api import Api, fields
from tests.factories.coupons import hold, open_series
from tests.factories.fields import FieldFactory
from tests.factories.interactions import InteractionFactory, NotificationFactory, SurveyFactory
from tests.factories.locations import digest, till_actor
from tests.factories.notes import NoteFactory
from tests.factories.recommendations import RecommendationFactory, basket
from tests.factories.referrals import open_campaign
from tests.factories.tickets import TicketFactory

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

FULL = os.environ.get("REGULARS_PROOFS") == "full"
EXAMPLES = 100 if FULL else 4
KNOWN = "919812345678"
FRIEND = "919812345679"
# What calls send about the customer.
SENT: dict[str, dict[str, Any]] = {
    "notes": {"associate_id": "A7", "notes": {"note": [{"description": "Likes tea"}, {"id": "12345", "description": "x"}]}},
    "preferences": {"local_id": "L1", "store": {"code": "nowhere"}, "custom_fields": fields(Brand="Acme")},
    "tickets": {"ticket": {"subject": "Broken lid", "status": "OPEN"}},
    "referrals": {"referrals": {"referral_type": [{"type": "SMS", "referral": [{"name": "Li", "identifier": FRIEND}]}]}},
}
IDENTIFIERS = ("mobile", "email", "external_id", "id", "card_number", "card_external_id", "identifierName", "identifierValue")
FILE = Path(django_settings.BASE_DIR) / "docs" / "openapi.yaml"
DOCUMENT: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))


def calls() -> Any:
    """The operations of the document, without its log-ins: the calls have one of their own."""
    paths = {
        path: {method: without(described, "security") for method, described in each.items()}
        for path, each in DOCUMENT["paths"].items()
    }
    components = without(DOCUMENT["components"], "securitySchemes")
    schema = schemathesis.openapi.from_dict({**DOCUMENT, "paths": paths, "components": components})
    return [result.ok() for result in schema.get_all_operations()]


def without(content: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key != name}


CALLS = calls()


@pytest.fixture
def api(organization: Organization, till: Till) -> Api:
    """A till, with a customer with something of everything, whose mobile some of the calls have."""
    api = Api(till)
    assert api.add(mobile=KNOWN, firstname="Asha").code == "1000"
    customer = Customer.objects.get()
    series = open_series(organization)
    with transaction.atomic():
        hold(customer, series, by=till_actor(till))
    RecommendationFactory(customer=customer, item_sku="RAFT")
    basket(till, "TENT", customer=customer)
    NoteFactory(customer=customer)
    TicketFactory(customer=customer)
    for kind in ("sms", "checkin", "like"):
        InteractionFactory(customer=customer, type=kind)
    SurveyFactory(customer=customer)
    NotificationFactory(customer=customer)
    FieldFactory(organization=organization, name="Brand", category="preference")
    open_campaign(organization, referrer_reward={"coupon_series": series.series.code})
    for name, sent in SENT.items():
        assert post(api, name, **sent)["status"]["code"] == 200
    code = read(api, "referrals")["customer"]["referral_code"]
    assert api.add(mobile=FRIEND, referral_code=code).warnings == []
    return api


def post(api: Api, name: str, **sent: Any) -> Any:
    """The answer to a POST about the customer."""
    return json.loads(api.call("POST", name, "", {"root": {"customer": [{"mobile": KNOWN, **sent}]}}).http.content)["response"]


def read(api: Api, name: str) -> Any:
    """The answer to a read of the customer."""
    return json.loads(api.call("GET", name, f"mobile={KNOWN}&user_id=true").http.content)["response"]


def send(api: Api, case: Any, *, names_known: bool, accept: str) -> HttpResponse:
    """Send a call as a till."""
    if names_known and case.method == "GET" and isinstance(case.query, dict):
        case.query = {key: value for key, value in case.query.items() if key not in IDENTIFIERS} | {"mobile": KNOWN}
    request = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    credential = b64encode(f"{api.till.code}:{digest(api.password)}".encode()).decode()
    headers = {name: value if isinstance(value, str) else value.decode("latin-1") for name, value in request.headers.items()}
    # requests names both by the body; a till's call has them once.
    content_type = headers.pop("Content-Type", "application/octet-stream")
    headers.pop("Content-Length", None)
    # Answers are read as they come.
    headers.pop("Accept-Encoding", None)
    sent = {**headers, "Authorization": f"Basic {credential}", "Accept": accept, "Content-Type": content_type}
    assert request.path_url
    return api.send(str(request.method), request.path_url, request.body or b"", sent)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", CALLS, ids=lambda operation: f"{operation.method} {operation.path}")
def test_no_call_is_a_server_error(api: Api, operation: Any, mode: GenerationMode) -> None:
    if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
        return
    described = DOCUMENT["paths"][operation.path][operation.method.lower()]["responses"]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=not FULL,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(generation_mode=mode),
        names_known=st.booleans(),
        accept=st.sampled_from(["application/json", "application/xml"]),
    )
    def check(case: Any, names_known: bool, accept: str) -> None:  # noqa: FBT001 - drawn by Hypothesis
        answer = send(api, case, names_known=names_known, accept=accept)
        assert answer.status_code < 500, answer.content
        assert str(answer.status_code) in described
        if answer.headers["Content-Type"].startswith("application/json"):
            errors = problems(described[str(answer.status_code)], json.loads(answer.content))
            assert errors == [], answer.content

    check()


def problems(described: dict[str, Any], content: Any) -> list[str]:
    """What an answer in JSON has that the document does not say."""
    if "$ref" in described:
        described = DOCUMENT["components"]["responses"][described["$ref"].rpartition("/")[2]]
    schema = {**described["content"]["application/json"]["schema"], "components": DOCUMENT["components"]}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(content)]


@pytest.mark.parametrize("name", [*SENT, "interaction"])
def test_all_keys_of_an_answer_are_in_the_document(api: Api, name: str) -> None:
    answers = {"get": read(api, name)} | ({"post": post(api, name, **SENT[name])} if name in SENT else {})
    for method, answer in answers.items():
        described = DOCUMENT["paths"][f"/v1.1/customer/{name}"][method]["responses"]["200"]
        assert problems(described, {"response": answer}) == []
        schema = described["content"]["application/json"]["schema"]["properties"]["response"]["properties"]
        assert "mobile" in str(answer)
        for key in answer.keys() - {"status"}:
            assert unknown_keys(schema[key], answer[key]) == set()


def unknown_keys(schema: dict[str, Any], content: Any) -> set[str]:
    """Keys of a content, at any depth, that its schema does not have."""
    if "$ref" in schema:
        return unknown_keys(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]], content)
    if "oneOf" in schema:
        return min((unknown_keys(each, content) for each in schema["oneOf"]), key=len)
    if isinstance(content, list):
        return {key for row in content for key in unknown_keys(schema.get("items", {}), row)}
    if not isinstance(content, dict):
        return set()
    known = schema.get("properties", {})
    return (content.keys() - known) | {
        key for name in content.keys() & known for key in unknown_keys(known[name], content[name])
    }
