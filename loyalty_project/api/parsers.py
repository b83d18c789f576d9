"""How do JSON and XML become one tree? Same content, same tree (docs/protocol.md 1.3, 1.10; the tree: `values`)."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import IO, Any, Final, NoReturn

from django.http import HttpRequest
from lxml import etree
from rest_framework.parsers import BaseParser

from loyalty_project.api.body import read_body
from loyalty_project.api.formats import UNDECIDED_MEDIA_TYPES, Format, format_of_media_type, media_type, sniff
from loyalty_project.api.negotiation import BODY_FORMAT_ATTRIBUTE
from loyalty_project.protocol.codes import Code, Transport
from loyalty_project.protocol.errors import RequestRefusedError
from loyalty_project.protocol.values import Value

MAX_DEPTH: Final = 64
MAX_FLOAT_DIGITS: Final = 40

_PAYLOAD_ATTRIBUTE = "wire_payload"
_BOM = b"\xef\xbb\xbf"
_DECLARATION = re.compile(r"""\s*<\?xml\s(?:[^>]*?\sencoding\s*=\s*["']([^"'>]*)["'])?[^>]*\?>""")
_ENCODINGS = frozenset({"utf-8", "utf8", "iso-8859-1", "latin1", "latin-1", "utf-16", "utf-16le", "utf-16be"})
_CONVERTER_LAYER = "element"


class WireParser(BaseParser):
    """DRF's door to `parse_request`, for every content type."""

    media_type = "*/*"

    def parse(self, _stream: IO[Any], _media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Value:
        """The tree of the request's body; raises `RequestRefusedError` (400, 413, 415)."""
        if parser_context is None:
            raise TypeError("WireParser reads from the request of its context")
        return parse_request(parser_context["request"]._request)


def parse_request(request: HttpRequest) -> Value:
    """The tree of a request's body, parsed once per request. Nothing is read before this is called.

    A body that contradicts its JSON or XML content type is read as what it begins with; undecided types (none, curl's default,
    plain text) are read when the body says what it is. Raises `RequestRefusedError`: 415 for other types and undecided bodies,
    413 above 5 MiB, 400 for what cannot be parsed (docs/protocol.md 1.2, 1.10).
    """
    if not hasattr(request, _PAYLOAD_ATTRIBUTE):
        setattr(request, _PAYLOAD_ATTRIBUTE, _parse_request(request))
    payload: Value = getattr(request, _PAYLOAD_ATTRIBUTE)
    return payload


def _parse_request(request: HttpRequest) -> Value:
    declared = media_type(str(request.META.get("CONTENT_TYPE", "")))
    format_declared = format_of_media_type(declared)
    if format_declared is None and declared not in UNDECIDED_MEDIA_TYPES:
        raise RequestRefusedError(415, Transport.UNSUPPORTED_MEDIA_TYPE)
    body = read_body(request)
    format_found = sniff(body)
    if format_found is None:
        if format_declared is None and body.strip():
            raise RequestRefusedError(415, Transport.UNSUPPORTED_MEDIA_TYPE)
        _refuse()
    setattr(request, BODY_FORMAT_ATTRIBUTE, format_found)
    return parse_xml(body) if format_found is Format.XML else parse_json(body)


def parse_json(body: bytes) -> Value:
    """The tree of a JSON body in UTF-8: numbers and booleans as text, of duplicate keys the last. Raises 400.

    Integers and fractions keep the digits they were written with; a whole float loses its fraction (`1.0` is "1").
    """
    try:
        # parse_int and parse_float keep the digits; the standard library's parser is the only fast one that can.
        tree = json.loads(body.decode("utf-8-sig"), parse_int=str, parse_float=_float_text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise RequestRefusedError(400, Code.INVALID_INPUT) from error
    return _without_booleans(tree, MAX_DEPTH)


def parse_xml(body: bytes) -> Value:
    """The tree of an XML body: `{root tag: content}`; repeated tags are lists, leaves are text, the empty tag is "".

    Namespaces, attributes, comments and processing instructions count for nothing; `<element>` layers of converters are seen
    through. Raises 400 for any DOCTYPE, other encodings than UTF-8, ISO-8859-1 and UTF-16, and what is not well-formed.
    """
    builder: Any = _TreeBuilder()  # the stubs ask for methods that lxml does without
    parser = etree.XMLParser(
        target=builder, encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    try:
        tree: Value = etree.fromstring(_xml_text(body).encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise RequestRefusedError(400, Code.INVALID_INPUT) from error
    # With a target, lxml lets a document pass that broke after an undeclared prefix.
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


def _refuse(_found: str = "") -> NoReturn:
    raise RequestRefusedError(400, Code.INVALID_INPUT)


def _without_booleans(value: Any, room: int) -> Value:
    """The tree with booleans as text; refuses what is nested deeper than `room`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        if not room:
            _refuse()
        if isinstance(value, dict):
            return {key: one if type(one) is str else _without_booleans(one, room - 1) for key, one in value.items()}
        return [one if type(one) is str else _without_booleans(one, room - 1) for one in value]
    return value


def _xml_text(body: bytes) -> str:
    """The document without its declaration. Raises ValueError for bytes that are not what they claim to be."""
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
    # Eight-bit text that calls itself UTF-16 is what .NET writes from a string: it is UTF-8.
    codec = codec or ("latin-1" if named in {"iso-8859-1", "latin1", "latin-1"} else "utf-8")
    try:
        text = body.decode(codec)
    except UnicodeDecodeError:
        if named or codec != "utf-8":
            raise
        text = body.decode("latin-1")
    return text[declaration.end() :] if declaration and not text.startswith("\ufeff") else text.strip()


class _Tag:
    """A tag that is still open: its text, its children by name, and what stands in converter layers."""

    __slots__ = ("children", "layers", "name", "text")

    def __init__(self, name: str) -> None:
        self.name = name
        self.text: list[str] = []
        self.children: dict[str, Value] = {}
        self.layers: list[Value] = []

    def add(self, name: str, value: Value) -> None:
        """Add a child; the second of a name makes a list, and the lists of converter layers are joined."""
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
        """What the tag stands for: its text, its children, or what its layers hold."""
        if not self.layers:
            return self.children or "".join(self.text)
        if not self.children:
            return self.layers[0] if len(self.layers) == 1 else self.layers
        for layer in self.layers:
            for name, value in layer.items() if isinstance(layer, dict) else ():
                self.add(name, value)
        return self.children


class _TreeBuilder:
    """Builds the tree from lxml's events, so that too deep documents and DOCTYPEs are refused before they cost anything."""

    def __init__(self) -> None:
        self.open = [_Tag("")]

    def doctype(self, _name: str, _public_id: str | None, _system_id: str | None) -> None:
        _refuse()

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        if len(self.open) > MAX_DEPTH:
            _refuse()
        self.open.append(_Tag(tag.rpartition("}")[2]))

    def data(self, text: str) -> None:
        self.open[-1].text.append(text)

    def end(self, _tag: str) -> None:
        tag = self.open.pop()
        self.open[-1].add(tag.name, tag.content())

    def close(self) -> Value:
        return self.open[0].content()
