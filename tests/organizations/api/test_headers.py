"""What do the headers of a call say about it?"""

import pytest
from django.test import RequestFactory

from loyalty_project.protocol.errors import RequestRefusedError
from organizations.api.headers import country_code, header_text, idempotency_key, is_replay, language, user_context


def with_header(name: str, value: str):
    return RequestFactory().get("/", headers={name: value})


@pytest.mark.parametrize(
    ("sent", "understood"),
    [
        (" MG Road ", "MG Road"),
        ("Köln".encode().decode("latin-1"), "Köln"),
        ("Köln", "Köln"),
        ("a\0b\nc", "abc"),
        ("x" * 500, "x" * 200),
        ("", ""),
    ],
)
def test_a_header_is_text_that_can_be_kept(sent: str, understood: str) -> None:
    assert header_text(with_header("X-Any", sent), "X-Any") == understood


def test_an_absent_header_is_blank() -> None:
    assert header_text(RequestFactory().get("/"), "X-Any") == ""


def test_the_user_context_is_kept_by_name_as_far_as_it_was_sent() -> None:
    known = {"USER-CONTEXT-ENTITY-TYPE": "USER", "USER-CONTEXT-ENTITY-SOURCE": "MEMBER_CARE"}
    request = RequestFactory().get("/", headers={**known, "USER-CONTEXT-OTHER": "x"})
    assert user_context(request) == known


@pytest.mark.parametrize(
    ("sent", "understood"), [("91", "91"), ("+44", "44"), ("0091", "91"), ("IN", ""), ("0", ""), ("12345", ""), ("٩١", "")]
)
def test_a_dial_code_is_one_to_four_digits(sent: str, understood: str) -> None:
    assert country_code(with_header("X-CAP-CLIENT-COUNTRYCODE", sent)) == understood


@pytest.mark.parametrize(
    ("sent", "understood"), [("en", "en"), ("zh-Hant-TW", "zh-Hant-TW"), ("english please", ""), ("../x", "")]
)
def test_a_language_is_an_iso_code(sent: str, understood: str) -> None:
    assert language(with_header("language", sent)) == understood


@pytest.mark.parametrize(("sent", "understood"), [("true", True), ("TRUE", True), ("1", True), ("false", False), ("", False)])
def test_a_replay_is_asked_for_in_words(sent: str, understood: bool) -> None:  # noqa: FBT001 - a table of cases
    assert is_replay(with_header("X-CAP-DIRECT-REPLAY", sent)) is understood


@pytest.mark.parametrize(("sent", "understood"), [("!bill-7~", "!bill-7~"), (" k ", "k"), ("x" * 255, "x" * 255)])
def test_an_idempotency_key_is_visible_ascii(sent: str, understood: str) -> None:
    assert idempotency_key(with_header("Idempotency-Key", sent)) == understood


def test_without_the_header_there_is_no_idempotency_key() -> None:
    assert idempotency_key(RequestFactory().post("/")) == ""


@pytest.mark.parametrize("sent", ["", " ", "x" * 256, "two words", "caf\xe9", "a\tb", "a\x7f"])
def test_what_is_no_idempotency_key_is_refused(sent: str) -> None:
    with pytest.raises(RequestRefusedError) as refused:
        idempotency_key(with_header("Idempotency-Key", sent))
    assert (refused.value.http_status, refused.value.body_code) == (400, 400)
