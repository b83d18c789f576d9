"""Parsers: the tree of a JSON or XML body, the same for the same content (docs/protocol.md 1.3, 1.10; `protocol.values`)."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

from django.http import HttpRequest
from lxml import etree

from loyalty_project.api.body import read_body
from loyalty_project.api.formats import UNDECIDED_MEDIA_TYPES, Format, format_of_media_type, media_type, sniff
from loyalty_project.api.negotiation import BODY_FORMAT_ATTRIBUTE
from loyalty_project.protocol.codes import Code, Transport
from loyalty_project.protocol.errors import RequestRefusedError
from loyalty_project.protocol.values import Value

MAX_DEPTH: Final = 64
# Values of a body: texts, objects and lists. 100 bills of 100 lines have about 150,000.
MAX_VALUES: Final = 250_000
MAX_FLOAT_DIGITS: Final = 40

_PAYLOAD_ATTRIBUTE = "wire_payload"
_BOM = b"\xef\xbb\xbf"
_DECLARATION = re.compile(r"""\s*<\?xml\s(?:[^>]*?\sencoding\s*=\s*["']([^"'>]*)["'])?[^>]*\?>""")
_ENCODINGS = frozenset({"utf-8", "utf8", "iso-8859-1", "latin1", "latin-1", "utf-16", "utf-16le", "utf-16be"})
_CONVERTER_LAYER = "element"


def parse_request(request: HttpRequest, *, single_quotes: bool = False) -> Value:
    """The tree of a request's body, parsed once per request. Nothing is read before this is called.

    The body's first character decides the format, also against a JSON or XML content type; without a content type (or with
    curl's default or plain text) it must. `single_quotes` as in `parse_json`.

    Raises `RequestRefusedError`: 415 for other types and undecided bodies, 413 above 5 MiB, 400 for invalid JSON or XML
    (docs/protocol.md 1.2, 1.10).
    """
    if not hasattr(request, _PAYLOAD_ATTRIBUTE):
        setattr(request, _PAYLOAD_ATTRIBUTE, _parse_request(request, single_quotes=single_quotes))
    payload: Value = getattr(request, _PAYLOAD_ATTRIBUTE)
    return payload


def _parse_request(request: HttpRequest, *, single_quotes: bool) -> Value:
    declared = media_type(str(request.META.get("CONTENT_TYPE", "")))
    format_declared = format_of_media_type(declared)
    if format_declared is None and declared not in UNDECIDED_MEDIA_TYPES:
        raise RequestRefusedError(415, Transport.UNSUPPORTED_MEDIA_TYPE)
    body = read_body(request)
    sniffed = sniff(body)
    if sniffed is None:
        if format_declared is None and body.strip():
            raise RequestRefusedError(415, Transport.UNSUPPORTED_MEDIA_TYPE)
        _refuse()
    setattr(request, BODY_FORMAT_ATTRIBUTE, sniffed)
    return parse_xml(body) if sniffed is Format.XML else parse_json(body, single_quotes=single_quotes)


def parse_json(body: bytes, *, single_quotes: bool = False) -> Value:
    """The tree of a JSON body in UTF-8: numbers and booleans as text, of duplicate keys the last. Raises 400.

    Integers and fractions keep the digits they were written with; a whole float loses its fraction (`1.0` is "1"). A body with
    more than 250,000 commas and opening brackets is refused unread: each value begins with one of them. With `single_quotes`
    a body without any double quote is read with its single quotes as such (docs/protocol.md, tills' part 1.2).
    """
    if sum(map(body.count, (b",", b"[", b"{"))) > MAX_VALUES:
        _refuse()
    if single_quotes and b'"' not in body:
        body = body.replace(b"'", b'"')
    try:
        # parse_int and parse_float keep the digits; of the fast parsers only the standard library's has them.
        tree = json.loads(body.decode("utf-8-sig"), parse_int=str, parse_float=_float_text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise RequestRefusedError(400, Code.INVALID_INPUT) from error
    return _without_booleans(tree, MAX_DEPTH)


def parse_xml(body: bytes) -> Value:
    """The tree of an XML body: `{root tag: content}`; repeated tags are lists, leaves are text, the empty tag is "".

    Namespaces, attributes, comments and processing instructions are ignored, and so are the `<element>` layers of converters.
    Raises 400 for any DOCTYPE, encodings other than UTF-8, ISO-8859-1 and UTF-16, more than 250,000 tags, and documents that
    are not well-formed.
    """
    builder: Any = _TreeBuilder()  # lxml does not need all methods that its stubs ask for
    parser = etree.XMLParser(
        target=builder, encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    try:
        tree: Value = etree.fromstring(_xml_text(body).encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise RequestRefusedError(400, Code.INVALID_INPUT) from error
    # With a target, lxml accepts a document that breaks after an undeclared prefix.
    if parser.error_log.filter_from_errors():
        _refuse()
    return tree


def _float_text(written: str) -> str:
    """A JSON float as text: plain digits if it is whole and has at most 40 of them, else as written."""
    try:
        number = Decimal(written)
    except InvalidOperation:  # an exponent of more than 18 digits
        return written
    if number.is_zero():
        return "0"
    if number.adjusted() >= MAX_FLOAT_DIGITS or number != number.to_integral_value():
        return written
    return format(number, ".0f")


def _refuse(_constant: str = "") -> NoReturn:
    raise RequestRefusedError(400, Code.INVALID_INPUT)


def _without_booleans(value: Any, depth: int) -> Value:
    """The tree with booleans as text. Refuses trees nested deeper than `depth`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        if not depth:
            _refuse()
        if isinstance(value, dict):
            return {key: child if type(child) is str else _without_booleans(child, depth - 1) for key, child in value.items()}
        return [child if type(child) is str else _without_booleans(child, depth - 1) for child in value]
    return value


def _xml_text(body: bytes) -> str:
    """The document without its declaration. Raises ValueError for bytes that are not in their encoding."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        codec = "utf-16"
    elif body[:2] in {b"<\x00", b"\x00<"}:
        codec = "utf-16-le" if body[:1] == b"<" else "utf-16-be"
    else:
        codec = ""
    body = body.removeprefix(_BOM)
    declaration = _DECLARATION.match(body[:1024].decode(codec or "latin-1", errors="ignore"))
    named = (declaration.group(1) or "").strip().lower() if declaration else ""
    if named and named not in _ENCODINGS:
        raise ValueError(f"encoding {named!r} is not supported")
    # .NET writes UTF-8 with a declaration of UTF-16 when it prints to a string.
    codec = codec or ("latin-1" if named in {"iso-8859-1", "latin1", "latin-1"} else "utf-8")
    try:
        text = body.decode(codec)
    except UnicodeDecodeError:
        if named or codec != "utf-8":
            raise
        text = body.decode("latin-1")
    return text[declaration.end() :] if declaration and not text.startswith("\ufeff") else text.strip()


class _Tag:
    """An open tag: its text, its children by name, and the contents of its converter layers."""

    __slots__ = ("children", "layers", "name", "text")

    def __init__(self, name: str) -> None:
        self.name = name
        self.text: list[str] = []
        self.children: dict[str, Value] = {}
        self.layers: list[Value] = []

    def add(self, name: str, value: Value) -> None:
        """Add a child. The second of a name makes a list; lists of converter layers are joined."""
        if name == _CONVERTER_LAYER:
            self.layers.append(value)
        elif name not in self.children:
            self.children[name] = value
        else:
            before = self.children[name]
            if not isinstance(before, list):
                before = self.children[name] = [before]
            if isinstance(value, list):
                before.extend(value)
            else:
                before.append(value)

    def content(self) -> Value:
        """The tag's value: its text, its children, or the contents of its layers."""
        if not self.layers:
            return self.children or "".join(self.text)
        if not self.children:
            return self.layers[0] if len(self.layers) == 1 else self.layers
        for layer in self.layers:
            for name, value in layer.items() if isinstance(layer, dict) else ():
                self.add(name, value)
        return self.children


class _TreeBuilder:
    """Target of lxml's events that builds the tree, and refuses DOCTYPEs and documents that are too deep or large early."""

    def __init__(self) -> None:
        self.open = [_Tag("")]
        self.tags = 0

    def doctype(self, _name: str, _public_id: str | None, _system_id: str | None) -> None:
        _refuse()

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        self.tags += 1
        if len(self.open) > MAX_DEPTH or self.tags > MAX_VALUES:
            _refuse()
        self.open.append(_Tag(tag.rpartition("}")[2]))

    def data(self, text: str) -> None:
        self.open[-1].text.append(text)

    def end(self, _tag: str) -> None:
        tag = self.open.pop()
        self.open[-1].add(tag.name, tag.content())

    def close(self) -> Value:
        return self.open[0].content()
