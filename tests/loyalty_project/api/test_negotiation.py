import pytest
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest
from django.test import RequestFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_project.api.formats import Format
from loyalty_project.api.negotiation import BODY_FORMAT_ATTRIBUTE, asked_format, query_values


def request(query: str = "", *, accept: str | None = None, content_type: str = "") -> HttpRequest:
    made = RequestFactory().generic("POST", "/", b"", content_type)
    made.META.update(QUERY_STRING=query, CONTENT_TYPE=content_type)
    if accept is not None:
        made.META["HTTP_ACCEPT"] = accept
    return made


@pytest.mark.parametrize(
    ("query", "suffix", "accept", "content_type", "expected"),
    [
        ("format=xml", "json", "application/json", "application/json", Format.XML),
        ("format=XML", None, None, "", Format.XML),
        ("format=%20xml+", None, None, "", Format.XML),
        ("format=xml&format=json", "xml", "application/xml", "", Format.JSON),
        ("a=1&%66ormat=xml", None, None, "", Format.XML),
        ("format=yaml", "xml", "application/json", "", Format.XML),
        ("format=", "XML", None, "", Format.XML),
        ("", "json", "application/xml", "application/xml", Format.JSON),
        ("", "other", "application/xml", "", Format.XML),
        ("", None, "text/xml", "application/json", Format.XML),
        ("", None, "application/xml;q=0.9, application/json;q=0.1", "", Format.JSON),
        ("", None, "application/json;q=0, text/xml", "", Format.XML),
        ("", None, "application/json; Q = 0.0 ,*/*", "application/xml", Format.XML),
        ("", None, "application/json;version=1;q=1", "application/xml", Format.JSON),
        ("", None, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "", Format.XML),
        ("", None, "*/*", "application/xml", Format.XML),
        ("", None, "*/*", "application/json", Format.JSON),
        ("", None, None, "text/xml;charset=utf-8", Format.XML),
        ("", None, "text/csv", "image/png", Format.JSON),
        ("", None, ",;,q=0;;", ";;", Format.JSON),
        ("", None, None, "", Format.JSON),
    ],
)
def test_the_first_value_decides(
    query: str, suffix: str | None, accept: str | None, content_type: str, expected: Format
) -> None:
    assert asked_format(request(query, accept=accept, content_type=content_type), suffix) is expected


def test_the_body_decides_the_format_if_its_type_does_not() -> None:
    undecided = request(content_type="application/x-www-form-urlencoded")
    setattr(undecided, BODY_FORMAT_ATTRIBUTE, Format.XML)
    assert asked_format(undecided) is Format.XML
    declared = request(content_type="application/json")
    setattr(declared, BODY_FORMAT_ATTRIBUTE, Format.XML)
    assert asked_format(declared) is Format.JSON


def test_the_last_of_repeated_query_keys_wins() -> None:
    assert query_values(request("a=1&b=x%20&&a=2&c&=3&%zz=%ff&d=%E5%B1%B1")) == {
        "a": "2", "b": "x ", "c": "", "": "3", "%zz": "\ufffd", "d": "山",
    }  # fmt: skip


def test_raw_bytes_of_a_query_are_utf_8() -> None:
    assert query_values(request("a=" + "山".encode().decode("latin-1"))) == {"a": "山"}


@pytest.mark.parametrize("charset", ["utf-16", "base64", "iso-8859-1", "nonsense"])
def test_the_charset_of_the_content_type_does_not_touch_the_query(charset: str) -> None:
    made = request("a=%E5%B1%B1&format=xml", content_type=f"application/json; charset={charset}")
    made._encoding = charset  # type: ignore[attr-defined]  # as Django does, whose setter refuses the worst of them
    assert query_values(made) == {"a": "山", "format": "xml"}
    assert asked_format(made) is Format.XML


def test_more_than_1000_pairs_are_refused_but_the_format_is_still_found() -> None:
    query_values(request("&".join(["a=1"] * 1000)))
    flood = request("&".join(["format=xml"] * 1001), accept="application/json")
    with pytest.raises(TooManyFieldsSent):
        query_values(flood)
    assert asked_format(flood) is Format.JSON


@settings(deadline=None)
@given(query=st.text(max_size=40), accept=st.text(max_size=40), content_type=st.text(max_size=40), suffix=st.none() | st.text())
def test_asking_never_fails(query: str, accept: str, content_type: str, suffix: str | None) -> None:
    made = request(query, accept=accept)
    made.META["CONTENT_TYPE"] = content_type
    assert asked_format(made, suffix) in Format


def test_the_query_of_a_request_is_read_once() -> None:
    made = request("a=1")
    assert query_values(made) is query_values(made)
