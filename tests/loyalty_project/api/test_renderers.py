import json
from decimal import Decimal
from typing import Any

import pytest
from django.utils.safestring import SafeString
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from loyalty_project.api.formats import Format
from loyalty_project.api.renderers import BARE_LISTS, JSONRenderer, XMLRenderer, render, to_xml
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.json_text import to_json
from tests.loyalty_project.api.trees import OBJECTS

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


def xml(tree: Any) -> str:
    document = to_xml({"response": tree}).decode()
    assert document.startswith(f"{DECLARATION}<response")
    return document.removeprefix(f"{DECLARATION}<response>").removesuffix("</response>")


def test_json_keeps_order_and_script() -> None:
    assert to_json({"b": "山田", "a": None, "list": [{"c": []}]}) == '{"b":"山田","a":null,"list":[{"c":[]}]}'.encode()


@pytest.mark.parametrize(
    ("figure", "digits"),
    [
        ("50.000", "50"),
        ("0.10", "0.1"),
        ("-0.000", "0"),
        ("0E-3", "0"),
        ("1E+3", "1000"),
        ("1200", "1200"),
        ("-7.5", "-7.5"),
        ("123456789012345.678", "123456789012345.678"),
    ],
)
def test_decimals_print_plainly_and_whole_numbers_as_integers(figure: str, digits: str) -> None:
    assert to_json({"a": Decimal(figure)}) == f'{{"a":{digits}}}'.encode()
    assert xml({"a": Decimal(figure)}) == f"<a>{digits}</a>"


def test_codes_and_subclasses_of_text_print_as_their_values() -> None:
    tree = {"code": Code.DONE, "text": SafeString("<b>")}
    assert to_json(tree) == b'{"code":1000,"text":"<b>"}'
    assert xml(tree) == "<code>1000</code><text>&lt;b&gt;</text>"


@pytest.mark.parametrize("wrong", [True, 1.5, b"x", {1}, object(), ("a",)])
@pytest.mark.parametrize("spelling", list(Format))
def test_values_that_no_answer_holds_are_bugs(wrong: object, spelling: Format) -> None:
    for tree in ({"response": {"a": wrong}}, {"response": {"a": [wrong]}}, {"response": {"a": [{"b": wrong}]}}):
        if isinstance(wrong, tuple) and spelling is Format.JSON:
            continue  # orjson writes tuples as lists
        with pytest.raises((TypeError, ValueError)):
            render(tree, spelling)


@pytest.mark.parametrize("figure", [Decimal("NaN"), Decimal("Infinity")])
@pytest.mark.parametrize("spelling", list(Format))
def test_figures_that_are_no_numbers_are_bugs(figure: Decimal, spelling: Format) -> None:
    with pytest.raises((TypeError, ValueError)):
        render({"response": {"a": figure}}, spelling)


def test_xml_repeats_the_tag_of_a_list() -> None:
    assert xml({"customers": {"customer": [{"a": "1"}, {"a": "2"}]}}) == (
        "<customers><customer><a>1</a></customer><customer><a>2</a></customer></customers>"
    )
    assert (
        xml({"warnings": {"warning": ["1017", "91006"]}})
        == "<warnings><warning>1017</warning><warning>91006</warning></warnings>"
    )


def test_an_empty_list_is_its_container_with_one_empty_tag() -> None:
    assert xml({"custom_fields": {"field": []}}) == "<custom_fields><field/></custom_fields>"


def test_bare_lists_get_children_and_are_one_empty_tag_when_empty() -> None:
    for container, child in BARE_LISTS.items():
        assert (
            xml({container: [{"a": "1"}, "2"]}) == f"<{container}><{child}><a>1</a></{child}><{child}>2</{child}></{container}>"
        )
        assert xml({container: []}) == f"<{container}/>"


def test_a_container_of_that_name_is_no_bare_list() -> None:
    assert xml({"notes": {"note": [{"id": "1"}]}, "coupons": {"coupon": []}}) == (
        "<notes><note><id>1</id></note></notes><coupons><coupon/></coupons>"
    )


def test_lists_that_repeat_themselves() -> None:
    assert xml({"channel": ["SMS", "EMAIL"]}) == "<channel>SMS</channel><channel>EMAIL</channel>"


@pytest.mark.parametrize("nothing", [None, "", {}])
def test_nothing_is_an_empty_tag_without_attributes(nothing: object) -> None:
    assert xml({"email": nothing}) == "<email/>"
    assert xml({"email": [nothing]}) == "<email/>"


def test_zero_is_something() -> None:
    assert xml({"a": 0, "b": Decimal("0.00")}) == "<a>0</a><b>0</b>"


def test_xml_escapes_markup_and_replaces_what_it_cannot_hold() -> None:
    assert xml({"a": "<&>\"'"}) == "<a>&lt;&amp;&gt;\"'</a>"
    assert xml({"a": "x\x00y\x1fz\ud800\ufffe"}) == "<a>x\ufffdy\ufffdz\ufffd\ufffd</a>"
    assert xml({"a": "\r\n\t"}) == "<a>&#13;\n\t</a>"


def test_json_replaces_lone_surrogates() -> None:
    assert json.loads(to_json({"\ud800": ["a\udfff", None, {"b": "\x00"}]})) == {"\ufffd": ["a\ufffd", None, {"b": "\x00"}]}


@pytest.mark.parametrize("key", ["", "a b", "1a", "a>", "é", "a:b"])
def test_keys_that_are_no_names_are_bugs_in_xml(key: str) -> None:
    with pytest.raises(ValueError, match="not a tag name"):
        to_xml({"response": {key: "1"}})


@pytest.mark.parametrize("tree", [{"a": "1", "b": "2"}, {}, [], None, {"response": []}])
def test_an_xml_answer_has_one_root(tree: Any) -> None:
    with pytest.raises(ValueError, match="one root"):
        to_xml(tree)


def test_the_renderers_of_the_framework_are_the_same_functions() -> None:
    tree = {"response": {"a": "1"}}
    assert JSONRenderer().render(tree) == to_json(tree)
    assert XMLRenderer().render(tree) == to_xml(tree)


@settings(deadline=None)
@given(text=st.text())
def test_any_text_goes_through_both_formats(text: str) -> None:
    tree = {"response": {"a": text}}
    assert isinstance(json.loads(to_json(tree))["response"]["a"], str)
    (element,) = etree.fromstring(to_xml(tree))
    assert len(element.text or "") == len(text)


@settings(deadline=None)
@given(tree=OBJECTS)
def test_xml_has_the_order_of_json(tree: dict[str, Any]) -> None:
    children = list(etree.fromstring(to_xml({"response": tree})))
    assert list(dict.fromkeys(child.tag for child in children)) == list(json.loads(to_json(tree)))
