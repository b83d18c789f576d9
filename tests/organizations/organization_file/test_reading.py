import time
from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from organizations.organization_file.problems import OrganizationFileError
from organizations.organization_file.reading import MAX_BYTES, MAX_VALUES, read_document


def refusal(text: str | bytes) -> str:
    with pytest.raises(OrganizationFileError) as caught:
        read_document(text if isinstance(text, bytes) else text.encode())
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("Null", None),
        ("12", 12),
        ("-7", -7),
        ("0123", 123),
        ("0o17", 15),
        ("0xfF", 255),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("0.1", Decimal("0.1")),
        (".5", Decimal("0.5")),
        ("1e3", Decimal(1000)),
        ("2026-02-28", date(2026, 2, 28)),
        ("2026-02-28 10:00:00", "2026-02-28 10:00:00"),
        ("'12'", "12"),
        ("!!str 12", "12"),
        ('! "12"', "12"),
        ("'true'", "true"),
        ("[1, [a]]", [1, ["a"]]),
        ("{NO: {a: 1}}", {"NO": {"a": 1}}),
        ("|\n  two\n  lines\n", "two\nlines\n"),
    ],
)
def test_scalars_are_read_as_yaml_1_2(text: str, value: object) -> None:
    read = read_document(text.encode())
    assert read == value
    assert type(read) is type(value)


def test_a_yaml_1_1_directive_does_not_bring_its_booleans_back() -> None:
    assert read_document(b"%YAML 1.1\n---\nNO: yes") == {"NO": "yes"}


def test_a_byte_order_mark_and_comments_are_no_content() -> None:
    assert read_document(b"\xef\xbb\xbf# only words\na: 1 # one") == {"a": 1}
    assert read_document(b"# nothing") is None


def test_an_alias_repeats_what_its_anchor_marks() -> None:
    assert read_document(b"a: &x [1, 2]\nb: *x\nc: &e\nd: *e") == {"a": [1, 2], "b": [1, 2], "c": None, "d": None}


def test_merge_keys_do_not_merge() -> None:
    assert read_document(b"a: &x {k: 1}\nb: {<<: *x}") == {"a": {"k": 1}, "b": {"<<": {"k": 1}}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stores:\n- code: a\n  code: b", "stores[0].code: stands here twice (line 3)"),
        ("a: 1\nb: 2\n'a': 3", "a: stands here twice (line 3)"),
        ("a: {1: 2}", "a: a key must be text; put it in quotes (line 1)"),
        ("? [a]\n: 1", "a key must be text; put it in quotes (line 1)"),
        (
            "a:\n- !!python/object:os.system x",
            "a[0]: the tag tag:yaml.org,2002:python/object:os.system is not understood (line 2)",
        ),
        ("a: !!python/name:x 'y'", "a: the tag tag:yaml.org,2002:python/name:x is not understood (line 1)"),
        ("a: !!set {x}", "a: the tag tag:yaml.org,2002:set is not understood (line 1)"),
        ("a: !!seq [x]", "a: the tag tag:yaml.org,2002:seq is not understood (line 1)"),
        ("a: *nobody", "a: *nobody stands for nothing before it (line 1)"),
        ("a: &a [*a]", "a[0]: *a stands for nothing before it (line 1)"),
        ("a: .inf", "a: a number must be finite (line 1)"),
        ("a: [.nan]", "a[0]: a number must be finite (line 1)"),
        ("a: 2026-02-30", "a: there is no day 2026-02-30 (line 1)"),
        ("a: " + "9" * 41, "a: a number may have 40 digits; put longer text in quotes (line 1)"),
        ("a: 0." + "9" * 41, "a: a number may have 40 digits; put longer text in quotes (line 1)"),
        ('a: "\\0"', "a: NUL and lone surrogates are no text (line 1)"),
        ('a: "\\ud800"', "a: NUL and lone surrogates are no text (line 1)"),
        ("a: 1\n---\nb: 2", "a second document begins (line 2)"),
        ("a: [1", "this is no YAML: "),
        ("a:\tb: c\n", "this is no YAML: "),
        ("a: 1\n b: 2", "(line 2)"),
        ("@", "this is no YAML: "),
        ("a: \x07", "this is no YAML: "),
    ],
)
def test_what_is_no_plain_document_is_refused_with_its_place(text: str, message: str) -> None:
    assert message in refusal(text)


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    assert refusal(b"a: caf\xe9") == "the file is not UTF-8 text (byte 7)"
    assert "not UTF-8" in refusal("a: 1".encode("utf-16"))
    assert "not UTF-8" in refusal(bytes(range(256)))


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    assert refusal(b"a" * (MAX_BYTES + 1)) == "the file is larger than 10 MiB"


def test_aliases_of_aliases_are_counted_before_they_fill_the_memory() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30))
    started = time.monotonic()
    assert f"the document holds more than {MAX_VALUES} values" in refusal(bomb)
    assert time.monotonic() - started < 5


def test_endless_nesting_is_refused() -> None:
    assert "nested deeper than 30" in refusal("[" * 100_000)
    assert "nested deeper than 30" in refusal("\n".join("  " * depth + "a:" for depth in range(40)))


@given(st.one_of(st.binary(max_size=60), st.text("ab:-[]{}&*!|>'\"\\#%@`,? \n\t0.<~\0", max_size=40).map(str.encode)))
def test_garbage_is_read_or_refused_but_never_crashes(content: bytes) -> None:
    with suppress(OrganizationFileError):
        assert isinstance(read_document(content), dict | list | str | int | Decimal | date | None)
