"""The forms of pages as a browser reads them from the HTML, and odd values for each of their fields."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import quote_from_bytes, quote_plus

from django.urls import reverse

# Values as they arrive, by the name of the case.
ODD_VALUES: Final[Mapping[str, bytes]] = {
    "256 characters": b"a" * 256,
    "5,000 characters": b"a" * 5_000,
    "NUL": b"a\0b",
    "lone surrogate": b"a\xed\xa0\x80b",
    "5,000 digits": b"9" * 5_000,
    "exponent": b"1e400",
    "small exponent": b"1e-400",
    "NaN": b"NaN",
    "infinity": b"-Infinity",
    "unicode digits": "\u0661\u0662\u0663".encode(),
    "negative": b"-1",
    "huge": b"99999999999999999999",
    "day zero": b"0000-00-00",
    "day of a far year": b"99999-01-01",
    "first day": b"0001-01-01",
    "last day": b"9999-12-31",
    "nested lists": b"[" * 100_000,
    "nested mappings": b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
    "half a mapping": b'{"a": NaN',
    "no character": b"",
    "blanks": b" \t\r\n\xc2\xa0",
    "direction": "a\u202eb\u200bc".encode(),
    "script": b"<script>alert(1)</script>",
    "template": b"{{ 1 }}{% x %}%s%d{0}",
}
# What is typed into a blank field that is required.
TYPED: Final = "new1"


@dataclass(slots=True)
class PageForm:
    """A form that is sent by POST: what its fields send untouched, as (name, value), and the names of all of its fields."""

    action: str = ""
    sent: list[tuple[str, str]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    # Names of the fields that take typed text.
    texts: set[str] = field(default_factory=set)

    def body(self) -> bytes:
        """The body of the untouched form."""
        return encoded((name, value.encode()) for name, value in self.sent)

    def attacks_at_once(self) -> Iterator[tuple[str, str, bytes]]:
        """All fields with the same odd value, as (field, case, body)."""
        for case, value in ODD_VALUES.items():
            yield "every field", case, encoded([(name, value) for name in self.names])
        yield "every field", "missing", b"post=yes"

    def attacks(self) -> Iterator[tuple[str, str, bytes]]:
        """Each field with each odd value, as (field, case, body)."""
        untouched = [(name, value.encode()) for name, value in self.sent]
        for name in self.names:
            others = [pair for pair in untouched if pair[0] != name]
            own = [value for other, value in untouched if other == name]
            for case, value in ODD_VALUES.items():
                yield name, case, encoded([*others, (name, value)])
            yield name, "missing", encoded(others)
            yield name, "repeated", encoded([*untouched, *[(name, value) for value in own or [b"on"]], (name, b"-1")])
            yield name, "in a list", encoded([*others, (f"{name}[]", b"a"), (f"{name}[0]", b"a"), (f"{name}_0", b"a")])


def encoded(pairs: Iterator[tuple[str, bytes]] | list[tuple[str, bytes]]) -> bytes:
    """The body of a form with these fields."""
    return "&".join(f"{quote_plus(name)}={quote_from_bytes(value)}" for name, value in pairs).encode()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.form: PageForm | None = None
        self.select = ""
        self.options: list[tuple[str, bool]] = []
        self.is_multiple = self.is_required = False
        self.area: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = PageForm(values.get("action", ""))
            if values.get("method", "").lower() == "post":
                self.forms.append(self.form)
        elif tag == "option" and self.select:
            self.options.append((values.get("value", ""), "selected" in values))
        elif self.form is not None and (name := values.get("name")) and tag in {"input", "select", "textarea"}:
            self._read_field(tag, name, values)

    def _read_field(self, tag: str, name: str, values: Mapping[str, str]) -> None:
        assert self.form is not None
        kind = values.get("type", "text")
        if name == "csrfmiddlewaretoken" or kind in {"submit", "button", "image"} or "disabled" in values:
            return
        if name not in self.form.names:
            self.form.names.append(name)
        if tag == "textarea" or kind not in {"checkbox", "radio", "hidden"}:
            self.form.texts.add(name)
        if tag == "select":
            self.form.texts.discard(name)
            self.select, self.options, self.is_multiple = name, [], "multiple" in values
            self.is_required = "required" in values
        elif tag == "textarea":
            self.area = (name, [])
        elif kind not in {"checkbox", "radio"} or "checked" in values:
            typed = values.get("value") or ("on" if kind == "checkbox" else "")
            self.form.sent.append((name, typed or (TYPED if "required" in values else "")))

    def handle_data(self, data: str) -> None:
        if self.area:
            self.area[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif self.form is not None and tag == "select" and self.select:
            chosen = [value for value, is_selected in self.options if is_selected]
            if not chosen and not self.is_multiple:
                chosen = [value for value, _ in self.options if value or not self.is_required][:1]
            self.form.sent += [(self.select, value) for value in chosen]
            self.select = ""
        elif self.form is not None and tag == "textarea" and self.area:
            # The first line break after the tag is not part of the value.
            self.form.sent.append((self.area[0], "".join(self.area[1]).removeprefix("\r").removeprefix("\n")))
            self.area = None


def forms_of(html: str) -> list[PageForm]:
    """The forms of a page that are sent by POST and have fields, but for the choice of a language, which every page has."""
    reader = _Reader()
    reader.feed(html)
    return [form for form in reader.forms if form.names and form.action != reverse("set_language")]
