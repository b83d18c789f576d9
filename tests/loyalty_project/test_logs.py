"""The log has codes, counts and lines of code, and nothing of what was sent (docs/operating.md, Logs)."""

import json
import logging
from base64 import b64encode
from collections.abc import Callable

import psycopg
import pytest
import structlog
from django.db import connection
from django.test import Client

from customers.api import viewsets
from customers.identifiers.models import Identifier
from loyalty_project.imports import batches
from loyalty_project.logs import describe_error, describe_traceback, log_configuration
from organizations.credentials import api as token_api
from organizations.locations.models import Till
from subscriptions import api as subscriptions_api
from tests.api import Api, fields
from tests.factories.credentials import ApiClientFactory
from tests.factories.locations import TILL_PASSWORD, digest
from tests.printed_log import printed_log
from use_cases import registration

SECRET = "Quillfeather-9812345678"
WRONG_DIGEST = "0123456789abcdef" * 4
ASHA = {
    "mobile": "9812345678",
    "email": "asha.quillfeather@example.com",
    "external_id": "EXT-7f3kq-901",
    "firstname": "Ashalatika",
    "lastname": "Quillfeather",
    "card_number": "CARD-55501-77",
    "custom_fields": fields(Hobbies="Falconry-indoors"),
    "extended_fields": fields(city="Shantiniketan"),
    "commChannels": [{"type": "EMAIL", "value": "second.address@example.org"}],
    "subscriptions": {"subscription": [{"channel": "PIGEONPOST", "priority": "BULK", "is_subscribed": "1"}]},
}
OTHERS = ["12ab98127", "no-such-token-4711", "nw-wrong-secret-8", "staff-password-31", "key-of-a-call-42", "evil.example.net"]
# Of a word no part of eight characters may be printed.
WORDS = [word for value in ASHA.values() for word in (value if isinstance(value, str) else "",)] + [
    "Falconry-indoors",
    "Shantiniketan",
    "second.address@example.org",
    "PIGEONPOST",
    WRONG_DIGEST,
    digest(TILL_PASSWORD),
    digest(TILL_PASSWORD + "!"),
    b64encode(f"mgroad.till1:{digest(TILL_PASSWORD)}".encode()).decode().partition("=")[0][-40:],
    *OTHERS,
]
PART = 8


def parts_in(log: str, words: list[str]) -> set[str]:
    """The parts of the words that the log has, in any case."""
    printed = log.lower()
    parts = {word[start : start + PART].lower() for word in words for start in range(max(1, len(word) - PART + 1))}
    return {part for part in parts if part and part in printed}


def fail_with(error: Exception) -> Callable[..., None]:
    def fail(*_args: object, **_kwargs: object) -> None:
        quoted = f"local {SECRET}"  # a variable of a frame, which some tracebacks print
        raise error from KeyError(quoted)

    return fail


def test_a_part_of_a_word_is_found_in_a_log():
    assert parts_in("... customer=ASHALATI ...", ["Ashalatika"]) == {"ashalati"}
    assert parts_in("event code=1000", WORDS) == set()


@pytest.mark.django_db
def test_calls_leave_nothing_of_what_they_sent_in_the_log(till: Till, administrator: Client):
    api = Api(till)
    client = ApiClientFactory(till=till, key="nw-key-1")
    with printed_log() as log:
        assert api.add(ASHA, key="key-of-a-call-42").code == "1000"
        assert api.add(ASHA, {"mobile": "12ab98127"}, key="key-of-a-call-42").http.status_code == 422
        assert api.add({**ASHA, "mobile": "12ab98127"}).code == "1001"
        api.update({**ASHA, "id": "77"})
        api.get("mobile=9812345678,asha.quillfeather@example.com&user_id=true")
        api.call("GET", "search", "q=(lastname:EXACT:Quillfeather)")
        api.call("GET", "search", "q=(lastname:EXACT:Quillfeather")
        api.call("POST", "update_identity", body=ASHA | {"identifier": "mobile", "new_value": "12ab98127"})
        api.call("POST", "subscriptions", body={"root": {"subscription": [ASHA]}})
        api.call("GET", "Ashalatika/Quillfeather", "mobile=9812345678")
        api.call("POST", "add", body=json.dumps(ASHA)[:-5])
        assert Api(till, password=TILL_PASSWORD + "!").add(ASHA).http.status_code == 401
        credential = b64encode(f"mgroad.till1:{WRONG_DIGEST}".encode()).decode()
        for header in (f"Basic {credential}", f"Basic mgroad.till1:{WRONG_DIGEST}", "Bearer no-such-token-4711"):
            assert Client().get("/v1.1/customer/get?mobile=9812345678", headers={"Authorization": header}).status_code == 401
        wrong = {"key": client.key, "secret": "nw-wrong-secret-8"}
        assert Client().post("/v3/oauth/token/generate", wrong, content_type="application/json").status_code == 401
        login = {"username": "Quillfeather", "password": "staff-password-31"}
        assert Client().post("/admin/login/?next=/admin/?q=Quillfeather", login).status_code == 200
        assert Client(enforce_csrf_checks=True).post("/admin/login/?q=9812345678", login).status_code == 403
        assert Client().get("/v1.1/customer/get?mobile=9812345678", headers={"Host": "evil.example.net"}).status_code == 400
        assert Client().get("/Ashalatika?q=9812345678").status_code == 404
        administrator.get("/admin/customers/customer/?q=Quillfeather")
        administrator.get("/admin/customers/customer/Quillfeather/change/")
    assert Identifier.objects.count() == 3
    assert parts_in(log.getvalue(), WORDS) == set()


ERRORS = [
    ValueError(f"invalid literal: {SECRET!r}"),
    KeyError(SECRET),
    UnicodeEncodeError("ascii", SECRET, 0, 1, SECRET),
    psycopg.DataError(SECRET),
]


@pytest.mark.django_db
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    ("owner", "name", "call"),
    [
        (registration, "register_each", lambda api: api.add(ASHA)),
        (viewsets, "read_lookup_query", lambda api: api.get("mobile=9812345678")),
        (subscriptions_api, "decide", lambda api: api.call("POST", "subscriptions", body={"subscription": SUBSCRIPTION})),
        (token_api, "client_of_secret", lambda api: Client().post("/v3/oauth/token/generate", TOKEN, "application/json")),
    ],
    ids=["item", "read", "second item", "token"],
)
def test_a_bug_is_logged_without_its_message(till, monkeypatch, owner, name, call, error):
    api = Api(till)
    api.add(ASHA)
    with monkeypatch.context() as patched, printed_log() as log:
        patched.setattr(owner, name, fail_with(error))
        call(api)
    assert "_failed" in log.getvalue()
    assert f"raise error from KeyError(quoted)\n{type(error).__module__}.{type(error).__qualname__}" in log.getvalue()
    assert parts_in(log.getvalue(), [SECRET, *WORDS]) == set()


SUBSCRIPTION = {"mobile": "9812345678", "channel": "SMS", "priority": "BULK", "is_subscribed": "1"}
TOKEN = {"key": "nw-key-1", "secret": "nw-wrong-secret-8"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "printed"),
    [
        ("SELECT 'Quillfeather-9812345678'::bigint", "psycopg.errors.InvalidTextRepresentation: 22P02\n"),
        (
            "INSERT INTO django_content_type (app_label, model) VALUES ('Quillfeather', 'x'), ('Quillfeather', 'x')",
            "psycopg.errors.UniqueViolation: 23505, django_content_type_app_label_model",
        ),
        ("DO $$ BEGIN RAISE EXCEPTION 'Quillfeather-9812345678'; END $$", "psycopg.errors.RaiseException: P0001\n"),
        ("SELECT nothing", 'psycopg.errors.UndefinedColumn: 42703, column "nothing" does not exist'),
    ],
)
def test_errors_of_the_database_are_logged_by_code_and_constraint(till, monkeypatch, statement, printed):
    def fail(*_args: object, **_kwargs: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    with monkeypatch.context() as patched, printed_log() as log:
        patched.setattr(registration, "register_each", fail)
        assert Api(till).add(ASHA).code == "10001"
    assert printed in log.getvalue()
    assert parts_in(log.getvalue(), [SECRET, *WORDS]) == set()


@pytest.mark.django_db
def test_a_page_that_fails_is_logged_without_its_message(administrator, monkeypatch):
    administrator.raise_request_exception = False
    with monkeypatch.context() as patched, printed_log() as log:
        patched.setattr("customers.search.admin.find_customers", fail_with(ValueError(SECRET)))
        assert administrator.get("/admin/customers/customer/?q=Quillfeather").status_code == 500
    assert "request_failed" in log.getvalue()
    assert parts_in(log.getvalue(), [SECRET]) == set()


def test_errors_keep_what_says_nothing_about_values():
    assert describe_error(FileNotFoundError(2, "No such file", SECRET)) == "builtins.FileNotFoundError: No such file"
    assert describe_error(psycopg.OperationalError("connection refused")) == "psycopg.OperationalError: connection refused"
    assert describe_error(ValueError(SECRET)) == "builtins.ValueError"


def test_a_traceback_has_every_exception_that_led_to_it():
    try:
        fail_with(ValueError(SECRET))()
    except ValueError as error:
        text = describe_traceback(error)
    assert text.count("Traceback (most recent call last)") == 2
    assert text.index("builtins.KeyError") < text.index("builtins.ValueError")
    assert SECRET not in text


@pytest.mark.parametrize("as_json", [True, False])
def test_lines_are_json_or_readable(as_json, settings):
    before = structlog.get_config()
    try:
        settings.LOGGING = log_configuration(level="INFO", as_json=as_json)
        with printed_log() as log:
            logging.getLogger("loyalty_project.test").error("it_failed")
    finally:
        structlog.configure(**before)
    assert "it_failed" in log.getvalue()
    if as_json:
        assert json.loads(log.getvalue())["event"] == "it_failed"


def test_libraries_log_warnings_and_errors_only():
    assert not logging.getLogger("some.library").isEnabledFor(logging.INFO)
    assert not logging.getLogger("django.db.backends").isEnabledFor(logging.DEBUG)
    assert logging.getLogger("procrastinate.worker").isEnabledFor(logging.ERROR)
    assert logging.getLogger(batches.__name__).isEnabledFor(logging.INFO)
