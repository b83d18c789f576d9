"""Do two calls ask for the same?"""

import pytest

from loyalty_project.api.content import content_digest
from loyalty_project.api.envelope import request_items
from loyalty_project.api.parsers import parse_json, parse_xml


def digest_of(body: str, **query: str) -> str:
    parse = parse_xml if body.startswith("<") else parse_json
    return content_digest(request_items(parse(body.encode()), limit=100), query)


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ('{"customer": [{"mobile": 91980, "ok": true}]}', '{"root": {"customer": {"ok": "true", "mobile": "91980"}}}'),
        ('{"customer": [{"a": "1"}]}', "<root><customer><a>1</a></customer></root>"),
        ('{"customer": [{"a": 1.50}, {"a": null}]}', "<root><customer><a>1.50</a></customer><customer><a/></customer></root>"),
        (
            '{"customer": [{"fields": {"field": [{"name": "x"}]}, "list": [], "object": {}}]}',
            "<root><customer><fields><field><name>x</name></field></fields><list/><object/></customer></root>",
        ),
        (
            '{"customer": [{"fields": {"field": [{"name": "x"}, {"name": "y"}]}}]}',
            "<root><customer><fields><field><name>x</name></field><field><name>y</name></field></fields></customer></root>",
        ),
    ],
)
def test_spellings_of_one_content_are_equal(first: str, other: str) -> None:
    assert digest_of(first) == digest_of(other)


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ('{"customer": [{"a": "1"}]}', '{"customer": [{"a": "2"}]}'),
        ('{"customer": [{"a": "1"}]}', '{"customer": [{"b": "1"}]}'),
        ('{"customer": [{"a": "1"}, {"a": "2"}]}', '{"customer": [{"a": "2"}, {"a": "1"}]}'),
        ('{"customer": [{"a": "1"}]}', '{"customer": [{"a": "1"}, {"a": "1"}]}'),
        ('{"customer": [{"a": 1.5}]}', '{"customer": [{"a": 1.50}]}'),
    ],
)
def test_other_content_is_distinguished(first: str, other: str) -> None:
    assert digest_of(first) != digest_of(other)


def test_the_query_counts_but_for_the_format() -> None:
    body = '{"customer": [{"a": "1"}]}'
    assert digest_of(body, format="json") == digest_of(body, format="xml") == digest_of(body)
    assert digest_of(body, user_id="true", mlp="1") == digest_of(body, mlp="1", user_id="true")
    assert len({digest_of(body), digest_of(body, user_id="true"), digest_of(body, user_id="false")}) == 3


def test_text_that_no_item_may_hold_has_a_digest_too() -> None:
    assert digest_of('{"customer": [{"a": "\\ud800\\u0000"}]}') != digest_of('{"customer": [{"a": "?"}]}')
