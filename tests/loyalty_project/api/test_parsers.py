import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_project.api.parsers import MAX_DEPTH, MAX_VALUES, parse_json, parse_request, parse_xml
from loyalty_project.api.renderers import to_xml
from loyalty_project.protocol.errors import RequestRefusedError
from loyalty_project.protocol.json_text import to_json
from loyalty_project.protocol.values import Value
from tests.loyalty_project.api.trees import OBJECTS

PNG = b"\x89PNG\r\n\x1a\n\x00\x00"


def refusal(parse: Callable[[bytes], Value], body: bytes) -> tuple[int, int]:
    with pytest.raises(RequestRefusedError) as caught:
        parse(body)
    return caught.value.http_status, caught.value.body_code


def post(body: bytes, content_type: str | None) -> HttpRequest:
    request = RequestFactory().generic("POST", "/", body)
    request.META.pop("CONTENT_TYPE", None)
    if content_type is not None:
        request.META["CONTENT_TYPE"] = content_type
    return request


# --- JSON


def test_json_numbers_keep_the_digits_they_were_written_with() -> None:
    assert parse_json(b'{"a": 919812345678, "b": 1.50, "c": -0}') == {"a": "919812345678", "b": "1.50", "c": "-0"}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("919811100033.0", "919811100033"),
        ("9.19811100033E11", "919811100033"),
        ("1E3", "1000"),
        ("-5.00", "-5"),
        ("0.0", "0"),
        ("-0.0", "0"),
        ("0e999999", "0"),
        ("12345678901234567890123456789012345678.0", "12345678901234567890123456789012345678"),
        ("0.5", "0.5"),
        ("1e-999999", "1e-999999"),
        ("1e40", "1e40"),
        ("1e99999999999999999999", "1e99999999999999999999"),
    ],
)
def test_a_whole_json_float_loses_its_fraction(written: str, expected: str) -> None:
    assert parse_json(b"[" + written.encode() + b"]") == [expected]


def test_json_numbers_may_have_any_length() -> None:
    assert parse_json(b"[" + b"9" * 10_000 + b"]") == ["9" * 10_000]


def test_json_booleans_are_text_and_null_is_nothing() -> None:
    assert parse_json(b'{"a": true, "b": [false, null], "c": {"d": true}}') == {
        "a": "true",
        "b": ["false", None],
        "c": {"d": "true"},
    }


def test_of_duplicate_json_keys_the_last_wins() -> None:
    assert parse_json(b'{"a": 1, "a": 2}') == {"a": "2"}


def test_json_may_begin_with_a_byte_order_mark() -> None:
    assert parse_json(b"\xef\xbb\xbf{}") == {}


def test_lone_surrogates_of_json_reach_the_items() -> None:
    assert parse_json(rb'["\ud800"]') == ["\ud800"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"a"',
        b"{} x",
        b"",
        b"[NaN]",
        b"[Infinity]",
        b"[-Infinity]",
        b'["\xe9"]',
        '{"a": 1}'.encode("utf-16"),
        b'["\n"]',
        b'{"a": 1,}',
    ],
)
def test_spoiled_json_is_400(body: bytes) -> None:
    assert refusal(parse_json, body) == (400, 400)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 1_000_000 + b"]" * 1_000_000])
def test_json_without_a_bottom_is_400(body: bytes) -> None:
    assert refusal(parse_json, body) == (400, 400)


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
def test_json_is_64_levels_deep_at_most(opening: bytes, closing: bytes) -> None:
    levels = MAX_DEPTH // opening.count(b"[") if opening == b"[" else MAX_DEPTH
    if opening.startswith(b"[{"):
        levels = MAX_DEPTH // 2
    parse_json(opening * levels + b"1" + closing * levels)
    assert refusal(parse_json, opening * (levels + 1) + b"1" + closing * (levels + 1)) == (400, 400)


# --- XML


def test_xml_repeated_tags_are_a_list_and_leaves_are_text() -> None:
    body = b"<root><customer><mobile> 91 </mobile></customer><customer><email/><lastname></lastname></customer></root>"
    assert parse_xml(body) == {"root": {"customer": [{"mobile": " 91 "}, {"email": "", "lastname": ""}]}}


def test_repeated_tags_are_one_list_even_if_apart() -> None:
    assert parse_xml(b"<r><a>1</a><b>x</b><a>2</a><a>3</a></r>") == {"r": {"a": ["1", "2", "3"], "b": "x"}}


def test_xml_attributes_comments_and_instructions_are_ignored() -> None:
    body = b"""<n:root xmlns:n="urn:n" xmlns="urn:d" a="1"><!-- c --><?pi x?><customer null="true" n:b="2">
        <n:mobile>9<!-- c -->1<?pi?>2</n:mobile></customer></n:root>"""
    assert parse_xml(body) == {"root": {"customer": {"mobile": "912"}}}


def test_xml_text_beside_tags_counts_for_nothing() -> None:
    assert parse_xml(b"<r>x<a>1</a>y</r>") == {"r": {"a": "1"}}


def test_xml_entities_and_cdata_are_text() -> None:
    assert parse_xml(b"<r>&lt;&amp;&#233;<![CDATA[<b>]]></r>") == {"r": "<&\u00e9<b>"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<root><customer><element><mobile>1</mobile></element></customer></root>", {"customer": {"mobile": "1"}}),
        (b"<root><element><customer><mobile>1</mobile></customer></element></root>", {"customer": {"mobile": "1"}}),
        (b"<root><customer><element>1</element><element>2</element></customer></root>", {"customer": ["1", "2"]}),
        (
            b"<root><customer><element>1</element><element>2</element></customer><customer>3</customer></root>",
            {"customer": ["1", "2", "3"]},
        ),
        (
            b"<root><customer>3</customer><customer><element>1</element><element>2</element></customer></root>",
            {"customer": ["3", "1", "2"]},
        ),
        (
            b"<root><a>1</a><element><b>2</b></element><element><a>3</a></element><element>text</element></root>",
            {"a": ["1", "3"], "b": "2"},
        ),
        (b"<root><element><element><a>1</a></element></element></root>", {"a": "1"}),
        (b"<root><a><element/></a></root>", {"a": ""}),
    ],
)
def test_converter_layers_are_seen_through(body: bytes, expected: Value) -> None:
    assert parse_xml(body) == {"root": expected}


def test_a_converter_layer_as_the_root_is_seen_through() -> None:
    assert parse_xml(b"<element><root>1</root></element>") == {"root": "1"}


@pytest.mark.parametrize(
    "body",
    [
        "<r>é山</r>".encode(),
        b"\xef\xbb\xbf" + "<r>é山</r>".encode(),
        '<?xml version="1.0"?><r>é山</r>'.encode(),
        '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<r>é山</r>'.encode(),
        b"\xef\xbb\xbf" + "<?xml version='1.0' encoding='UTF-8'?><r>é山</r>".encode(),
        '<?xml version="1.0" encoding="UTF-16"?><r>é山</r>'.encode("utf-16"),
        '<?xml version="1.0" encoding="UTF-16"?><r>é山</r>'.encode("utf-16-le"),
        '<?xml version="1.0" encoding="UTF-16"?><r>é山</r>'.encode("utf-16-be"),
        "<r>é山</r>".encode("utf-16"),
        # What .NET writes from a string in memory.
        '<?xml version="1.0" encoding="utf-16"?><r>é山</r>'.encode(),
        ' \r\n<?xml version="1.0" encoding="utf-8"?><r>é山</r>'.encode(),
        "\n <r>é山</r>\n".encode(),
    ],
)
def test_xml_encodings_are_honoured(body: bytes) -> None:
    assert parse_xml(body) == {"r": "é山"}


@pytest.mark.parametrize(
    "body",
    [
        '<?xml version="1.0" encoding="ISO-8859-1"?><r>é</r>'.encode("latin-1"),
        "<?xml version='1.0' encoding='iso-8859-1' ?><r>é</r>".encode("latin-1"),
        "<r>é</r>".encode("latin-1"),
        '<?xml version="1.0"?><r>é</r>'.encode("latin-1"),
    ],
)
def test_latin_xml_is_read(body: bytes) -> None:
    assert parse_xml(body) == {"r": "é"}


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0" encoding="windows-1252"?><r/>',
        b'<?xml version="1.0" encoding="UTF-7"?><r/>',
        b'<?xml version="1.0" encoding="no such thing"?><r/>',
        '<?xml version="1.0" encoding="EBCDIC-CP-US"?><r/>'.encode("utf-16"),
        '<?xml version="1.0" encoding="UTF-8"?><r>é</r>'.encode("latin-1"),
        b"\xff\xfe<\x00r",
        "<r>\ud800</r>".encode("utf-16", errors="surrogatepass"),
    ],
)
def test_other_encodings_and_spoiled_bytes_are_400(body: bytes) -> None:
    assert refusal(parse_xml, body) == (400, 400)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        b"<r>",
        b"<root><customer><mobile>91",
        b"<a/><b/>",
        b"<a>&nosuch;</a>",
        b"<a>\x00</a>",
        b"<a>&#0;</a>",
        b"<a>&#xD800;</a>",
        b"<a b='1' b='2'/>",
        b"<n:a/><x",
        b"text",
    ],
)
def test_spoiled_xml_is_400(body: bytes) -> None:
    assert refusal(parse_xml, body) == (400, 400)


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE root><root/>",
        b'<?xml version="1.0"?><!DOCTYPE root SYSTEM "http://example.com/x.dtd"><root/>',
        b'<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/hostname">]><r>&e;</r>',
        b'<!DOCTYPE r [<!ENTITY a "xx"><!ENTITY b "&a;&a;">]><r>&b;</r>',
        b'<!DOCTYPE r [<!ATTLIST r a CDATA "x">]><r/>',
    ],
)
def test_any_doctype_is_400(body: bytes) -> None:
    assert refusal(parse_xml, body) == (400, 400)


def test_a_doctype_in_text_is_text() -> None:
    assert parse_xml(b"<r><![CDATA[<!DOCTYPE r>]]><!-- <!DOCTYPE r> --></r>") == {"r": "<!DOCTYPE r>"}


def test_xml_is_64_levels_deep_at_most() -> None:
    parse_xml(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH)
    assert refusal(parse_xml, b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1)) == (400, 400)
    assert refusal(parse_xml, b"<a>" * 1_000_000) == (400, 400)


# --- both


@pytest.mark.parametrize("parse", [parse_json, parse_xml])
@settings(deadline=None)
@given(body=st.binary(max_size=200) | st.text(alphabet='<>/!?&;[]{}:,"ab \x00é', max_size=60).map(str.encode))
def test_no_bytes_raise_anything_but_a_refusal(parse: Callable[[bytes], Value], body: bytes) -> None:
    with suppress(RequestRefusedError):
        parse(body)


def plain(tree: Any, *, in_list: bool = False) -> Any:
    """What a tree is once it went over the wire: lists of one and empty lists are invisible in XML, null is an empty tag."""
    if isinstance(tree, dict):
        return {key: plain(item) for key, item in tree.items()} or ""
    if isinstance(tree, list):
        rows = [plain(element, in_list=True) for element in tree]
        return rows if len(rows) > 1 else rows[0] if rows else ""
    return "" if tree is None else tree


@settings(deadline=None)
@given(tree=OBJECTS)
def test_json_and_xml_spellings_of_an_answer_are_the_same(tree: dict[str, Any]) -> None:
    answer = {"response": tree}
    assert plain(parse_xml(to_xml(answer))) == plain(parse_json(to_json(answer)))


# --- the request


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json;charset=utf-8",
        "text/json",
        "application/vnd.x+json",
        "application/xml",
        "text/xml; charset=ISO-8859-1",
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/octet-stream",
        "",
        None,
    ],
)
@pytest.mark.parametrize("body", [b' {"a": 1}', b"<a>1</a>"])
def test_a_body_that_names_its_format_is_read(content_type: str | None, body: bytes) -> None:
    assert parse_request(post(body, content_type)) == {"a": "1"}


@pytest.mark.parametrize("content_type", ["image/png", "text/html", "multipart/form-data; boundary=x", "application", "json"])
@pytest.mark.parametrize("body", [b'{"a": 1}', PNG, b""])
def test_other_content_types_are_415_and_the_body_is_not_read(content_type: str, body: bytes) -> None:
    request = post(body, content_type)
    assert refusal(lambda _: parse_request(request), body) == (415, 415)
    assert request.read() == body


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", None])
def test_an_undecided_body_of_an_undecided_type_is_415(content_type: str | None) -> None:
    assert refusal(lambda body: parse_request(post(body, content_type)), b"mobile=91") == (415, 415)


@pytest.mark.parametrize("content_type", ["application/json", "application/xml", "text/plain", None])
@pytest.mark.parametrize("body", [b"", b" \n"])
def test_an_empty_body_is_400(content_type: str | None, body: bytes) -> None:
    assert refusal(lambda body: parse_request(post(body, content_type)), body) == (400, 400)


@pytest.mark.parametrize("body", [b'"text"', b"17", b"mobile=91", PNG])
def test_a_json_body_without_a_structure_is_400(body: bytes) -> None:
    assert refusal(lambda body: parse_request(post(body, "application/json")), body) == (400, 400)


def test_a_request_is_parsed_once() -> None:
    request = post(b'{"a": 1}', "application/json")
    assert parse_request(request) is parse_request(request)


def test_big_batches_are_the_same_in_both_formats() -> None:
    items = [
        {"mobile": str(919000000000 + n), "custom_fields": {"field": [{"name": "a", "value": "b"}] * 2}} for n in range(100)
    ]
    as_json = json.dumps({"root": {"customer": items}}).encode()
    assert parse_json(as_json) == parse_xml(to_xml({"root": {"customer": items}}))


# --- the number of values


@pytest.mark.parametrize("value", [b"[]", b"{}", b"1", b'""', b"[{}]"])
def test_json_with_too_many_values_is_refused_before_it_is_parsed(value: bytes) -> None:
    assert refusal(parse_json, b"[" + b",".join([value] * (MAX_VALUES + 1)) + b"]") == (400, 400)


def test_xml_with_too_many_tags_is_refused() -> None:
    assert refusal(parse_xml, b"<a>" + b"<b/>" * MAX_VALUES + b"</a>") == (400, 400)


def test_a_large_batch_has_fewer_values_than_the_limit() -> None:
    line = {"item_code": "A-1", "qty": 1, "rate": 2, "value": 2, "amount": 2, "discount_value": 0, "description": "x"}
    bill = {"number": "B-1", "amount": 200, "line_items_v2": {"line_item": [line] * 100}}
    body = json.dumps({"root": {"transaction": [bill] * 100}}).encode()
    assert len(parse_json(body)["root"]["transaction"]) == 100


def test_json_in_single_quotes_is_read_where_the_view_wants_it() -> None:
    body = b"{'root': {'coupon': {'code': 'AB12'}}}"
    assert parse_json(body, single_quotes=True) == {"root": {"coupon": {"code": "AB12"}}}
    assert parse_json(b'{"name": "O\'Hara"}', single_quotes=True) == {"name": "O'Hara"}
    with pytest.raises(RequestRefusedError):
        parse_json(body)
