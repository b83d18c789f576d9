"""Hostile bodies and query strings: large, deep, slow to fold, badly encoded, of the wrong shape."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote
from xml.sax.saxutils import escape

# Normalization of a run of these marks takes time that grows with its square.
TANGLED = "\u0345\u0301"
# Units of text that is slow to fold, to strip, to match or to convert when it is long.
SLOW_TEXTS = {
    "marks": TANGLED,
    "marks of class 0": "\u0f73",
    "growing": "\ufdfa",
    "digits": "9",
    "other digits": "\u0663",
    "blanks": " \u00a0",
    "invisible": "\u200b\u200d",
    "capitals": "\u0130\u1e9e",
    "at signs": "a@",
    "dots": "a.",
    "backslashes": "\\",
    "quotes": '"',
    "commas": "a,",
    "percent": "%_",
    "parentheses": "(a+)+",
    "directions": "\u202e",
    "flags": "\U0001f1e6",
}
# Values that are odd wherever they are read.
ODD_VALUES = (
    "0", "-1", "1e999999999", "NaN", "Infinity", "9" * 5000, "\u00b2", "%00", "\x7f", "null", "true", "[]", "{}", "{x}",
    "2026-13-45", "9999-12-31 23:59:59", "0001-01-01", "+" * 300, "\ufffe", "' OR 1=1 --", "../../etc/passwd", "\u2028",
)  # fmt: skip
TEXT_KEYS = (
    "mobile", "email", "external_id", "id", "user_id", "firstname", "lastname", "gender", "type", "source", "accountId",
    "registered_on", "updated_on", "registered_till", "associated_with", "preferred_store", "ndnc_status", "fraud_status",
    "test_control_status", "referral_code", "card_number", "series_code", "identifier", "old_value", "new_value",
    "validation_code", "channel", "priority", "scope", "is_subscribed", "campaign_id", "outbox_id",
    "associate_id", "local_id", "points_redeemed", "points", "redemption_id", "transaction_number", "redemption_time",
    "till_id", "external_reference_number", "redemption_purpose", "redemptionId", "pointsToBeReversed",
)  # fmt: skip
LIST_KEYS = (
    ("custom_fields", "field"),
    ("extended_fields", "field"),
    ("preference_fields", "field"),
    ("verification", "field"),
    ("commChannels", "commChannel"),
    ("subscriptions", "subscription"),
    ("card_details", "card_detail"),
    ("transactions", "transaction"),
    ("line_items_v2", "line_item"),
    ("notes", "note"),
)
ROW = {
    "name": "Hobbies",
    "value": "Playing",
    "type": "EMAIL",
    "channel": "SMS",
    "priority": "BULK",
    "is_subscribed": "1",
    "meta": {"residence": "true"},
    "description": "Likes tea",
}
# The container of an action's items.
CONTAINERS = ("customer", "subscription", "transaction", "redeem", "reverse", "coupon")


@dataclass(frozen=True)
class Body:
    """A body with its name and headers."""

    name: str
    content: bytes
    content_type: str = "application/json"
    encoding: str = ""


def bodies(size: int) -> Iterator[Body]:
    """Every kind of hostile body; large ones have about `size` bytes."""
    for name, items in _items(size):
        yield Body(f"json: {name}", json.dumps(_enveloped(items), ensure_ascii=False).encode())
        yield Body(f"xml: {name}", _xml(items), "application/xml")
    yield from _odd_json(size)
    yield from _odd_xml(size)
    yield from _odd_encodings(size)


def queries() -> Iterator[str]:
    """Query strings: odd and long values of every parameter, too many parameters, searches that are hard to read."""
    names = ("mobile", "email", "external_id", "id", "card_number", "card_external_id", "identifierValue")
    for name in names:
        prefix = "identifierName=mobile&" if name == "identifierValue" else ""
        yield prefix + f"{name}=" + quote(TANGLED * 2500)
        yield prefix + f"{name}=" + ",".join("9" * 100 for _ in range(300))
        yield prefix + f"{name}=" + "," * 60_000
    for value in ODD_VALUES:
        odd = quote(value)
        filters = (
            "start_date",
            "end_date",
            "limit",
            "offset",
            "sort",
            "order",
            "type",
            "store_id",
            "program_id",
            "network",
            "points",
            "currency_input",
            "currency_value",
            "validation_code",
            "associate_id",
            "start",
            "rows",
        )
        yield "mobile=9812345678&" + "&".join(f"{name}={odd}" for name in filters)
        yield "&".join(f"{name}={odd}" for name in names) + f"&q=(firstname:EXACT:{odd})&format={odd}"
        yield f"q=({odd}:{odd}:{odd})"
    yield "&".join(f"a{number}=1" for number in range(1001))
    yield "mobile=9812345678" + "&" * 5000
    yield "%00=%00&mobile=%00&%ff=%fe"
    marks = quote(TANGLED * 1500)
    for search in (
        marks,
        f"({marks}:EQUALS:x)",
        f"(firstname:STARTS:{marks})",
        f"(slab:IN:{marks};{marks})",
        f"(city:ENDS:{marks})",
    ):
        yield f"q={search}"
    yield "q=" + "(a:b)%26" * 3000
    yield "q=(" + "%5C%5C(" * 3000 + "&" * 3000
    yield "q=(mobile:IN:" + ";".join(["1"] * 9000) + ")"
    yield "q=" + "(" * 20_000


def _items(size: int) -> Iterator[tuple[str, list[object]]]:
    """Items by name, each about `size` bytes."""
    for name, unit in SLOW_TEXTS.items():
        yield name, [dict.fromkeys(TEXT_KEYS, unit * (size // len(TEXT_KEYS) // len(unit.encode())))]
        text = unit * (size // (3 * len(LIST_KEYS)) // len(unit.encode()))
        lists = {key: {row: [{"name": text, "value": text}, {"name": "Hobbies", "value": text}]} for key, row in LIST_KEYS}
        yield f"{name} in lists", [{"mobile": "9812345678", **lists}]
        permitted = unit * (1990 // len(unit))
        entries = max(1, min(100, size // 20_000))
        rows = [{**ROW, "name": field, "value": permitted} for field in ("Hobbies", "city", "Colour")] * (entries // 3 + 1)
        full = {"mobile": "9812345678", **{key: {row: rows[:entries]} for key, row in LIST_KEYS[:3]}}
        yield f"{name} of the permitted length", [full]
    # One text that takes the whole body, where each text is read.
    tangled = TANGLED * (size // len(TANGLED.encode()))
    for key in TEXT_KEYS:
        yield f"long {key}", [{"mobile": "9812345678", key: tangled}]
    for key, row in LIST_KEYS:
        yield f"long name in {key}", [{"mobile": "9812345678", key: {row: [{**ROW, "name": tangled}]}}]
        for field in ("Hobbies", "Colour", "city", "age", "birthday"):
            yield f"long {field} in {key}", [{"mobile": "9812345678", key: {row: [{**ROW, "name": field, "value": tangled}]}}]
    yield "odd values", [dict.fromkeys(TEXT_KEYS, value) for value in ODD_VALUES]
    many = size // 120
    for key, row in LIST_KEYS:
        yield f"many {key}", [{"mobile": "9812345678", key: {row: [ROW] * many}}]
        yield f"{key} of a wrong shape", [{"mobile": "9812345678", key: [[[ROW]], {row: {row: ROW}}, "x", None]}]
    yield "objects for text", [{key: {"a": [{"b": "c"}]} for key in TEXT_KEYS}]
    yield "many items", [{"mobile": "9812345678"}] * (size // 30)
    yield "many numbers that differ", [{"mobile": f"98{number:08d}", "email": f"{number}@example.com"} for number in range(20)]
    yield "no objects", ["x", None, [], [[]], 1]
    yield "many keys", [{f"k{number}": "" for number in range(size // 12)}]


def _enveloped(items: list[object]) -> object:
    return {"root": dict.fromkeys(CONTAINERS, items)} if len(items) < 100 else {"root": {"customer": items}}


def _xml(items: list[object]) -> bytes:
    return f"<root>{''.join(_tag('customer', item) for item in items)}</root>".encode()


def _tag(name: str, value: object) -> str:
    if isinstance(value, dict):
        return f"<{name}>{''.join(_tag(str(key), child) for key, child in value.items())}</{name}>"
    if isinstance(value, list):
        return "".join(_tag(name, child) for child in value) or f"<{name}/>"
    text = "".join(character for character in str(value) if character.isprintable() or character in " \u00a0")
    return f"<{name}>{escape(text)}</{name}>"


def _odd_json(size: int) -> Iterator[Body]:
    for name, unit in {"lists": b"[],", "objects": b"{},", "numbers": b"1,", "floats": b"1e1,", "texts": b'"",'}.items():
        yield Body(f"json of {name}", b"[" + unit * (size // len(unit)) + b"1]")
        yield Body(f"json customers of {name}", b'{"customer":[' + unit * (size // len(unit)) + b"1]}")
    for name, content in {
        "deep lists": b"[" * size,
        "deep objects": b'{"a":' * (size // 5),
        "closed deep lists": b"[" * (size // 2) + b"]" * (size // 2),
        "a long integer": b'{"customer":{"mobile":' + b"9" * size + b"}}",
        "a long float": b'{"customer":{"mobile":1.' + b"9" * size + b"}}",
        "a long exponent": b'{"customer":{"mobile":1e' + b"9" * size + b"}}",
        "one key repeated": b'{"customer":{' + b'"mobile":1,' * (size // 12) + b'"mobile":2}}',
        "escapes": b'{"customer":{"firstname":"' + b"\\u0345\\u0301" * (size // 12) + b'"}}',
        "lone surrogates": b'{"customer":{"firstname":"\\ud800","\\udfff":"x"}}',
        "NUL": b'{"customer":{"firstname":"a\\u0000"}}',
        "bytes that are not UTF-8": b'{"customer":{"firstname":"' + b"\xff" * 100 + b'"}}',
        "a broken end": b'{"customer":[' + b'{"mobile":"1"},' * (size // 15),
        "backslashes without end": b'{"customer":"' + b"\\" * size,
        "constants": b'{"customer":{"mobile":NaN,"email":-Infinity}}',
        "blanks": b" " * size,
        "nothing": b"",
    }.items():
        yield Body(f"json: {name}", content)


def _odd_xml(size: int) -> Iterator[Body]:
    entities = "".join(f'<!ENTITY e{number} "{f"&e{number - 1};" * 10}">' for number in range(1, 10))
    for name, content in {
        "laughs": f'<!DOCTYPE a [<!ENTITY e0 "ha">{entities}]><root><customer><email>&e9;</email></customer></root>'.encode(),
        "an external entity": b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><root><customer>&e;</customer></root>',
        "empty tags": b"<root>" + b"<a/>" * (size // 4) + b"</root>",
        "customers": b"<root>" + b"<customer/>" * (size // 11) + b"</root>",
        "deep tags": b"<a>" * (size // 3),
        "attributes": b"<root " + b" ".join(b'a%x=""' % number for number in range(size // 10)) + b"></root>",
        "namespaces": b"<root " + b" ".join(b'xmlns:a%x="u"' % number for number in range(size // 16)) + b"></root>",
        "references": b"<root><customer><firstname>" + b"&#837;&#769;" * (size // 12) + b"</firstname></customer></root>",
        "comments": b"<root>" + b"<!---->" * (size // 7) + b"</root>",
        "instructions": b"<root>" + b"<?a?>" * (size // 5) + b"</root>",
        "sections": b"<root><customer>" + b"<![CDATA[]]>" * (size // 12) + b"</customer></root>",
        "layers": b"<root>" + b"<element><customer/></element>" * (size // 30) + b"</root>",
        "nested layers": b"<root>" + b"<element>" * 60 + b"<c>1</c>" * (size // 8) + b"</element>" * 60 + b"</root>",
        "a long name": b"<root><" + b"b" * size + b"/></root>",
        "a declaration without end": b"<?xml " + b" encoding" * 100 + b"<root/>",
        "an unknown prefix": b"<root><x:y/></root>",
        "NUL": b"<root><customer>&#0;\x00</customer></root>",
    }.items():
        yield Body(f"xml: {name}", content, "application/xml")


@cache
def _bomb() -> bytes:
    return gzip.compress(b"[" * 20_000_000)


def _odd_encodings(size: int) -> Iterator[Body]:
    yield Body("a bomb", _bomb(), encoding="gzip")
    yield Body("a compressed list", gzip.compress(b"[" + b"[]," * (size // 3) + b"1]"), encoding="gzip")
    yield Body("a broken bomb", b"\x1f\x8b\x08" + b"\x00" * 100, encoding="gzip")
    yield Body("an unknown encoding", b"{}", encoding="br")
    yield Body(
        "utf-16", ("<?xml version='1.0' encoding='utf-16'?><root><customer>" + TANGLED * 1000).encode("utf-16"), "text/xml"
    )
    yield Body("a form", b"a=" + b"%CD%85" * (size // 6), "application/x-www-form-urlencoded")
    yield Body("a picture", b"\x89PNG\r\n\x1a\n" + b"\x00" * 1000, "image/png")
    yield Body("an odd type", b"{}", "application/json; charset=\xff; boundary*=''%00")
