"""Identifiers in canonical form (docs/protocol.md 2.2)."""

import pytest

from customers.identifiers.values import email_spelling, read_email, read_external_id


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Guest.One+tag@Example.COM", "guest.one+tag@example.com"),
        ("a_b-c@mail.example.com", "a_b-c@mail.example.com"),
        ("Till@Shop.Local", "till@shop.local"),
        ("\u202aguest@example.com\u202c", "guest@example.com"),
    ],
)
def test_email_is_kept_in_lower_case(written, kept):
    assert read_email(written) == kept


@pytest.mark.parametrize("local", ["o'neil", "a..b", "dot.", "tag+1", "x!#$%&*/=?^`{|}~"])
def test_lenient_characters_before_the_at_are_accepted(local):
    assert read_email(f"{local}@example.com") == f"{local}@example.com"


@pytest.mark.parametrize(
    ("domain", "stored"),
    [
        ("b\u00fccher.example", "xn--bcher-kva.example"),
        ("B\u00dcCHER.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("stra\u00dfe.de", "xn--strae-oqa.de"),
        ("\u4f8b\u3048\u3002jp", "xn--r8jz45g.jp"),
        ("\u4e2d\u56fd.\u4e2d\u56fd", "xn--fiqs8s.xn--fiqs8s"),
    ],
)
def test_a_domain_in_another_script_is_stored_in_its_idna_form(domain, stored):
    assert read_email(f"guest@{domain}") == f"guest@{stored}"
    assert email_spelling(f"guest@{domain}") == f"guest@{stored}"
    assert email_spelling(f"@{domain}") == f"@{stored}"


@pytest.mark.parametrize("typed", ["Guest", "guest@", "guest@B\u00dc", "Guest@Example.com", "\u00fc"])
def test_another_part_of_an_address_is_searched_as_it_is(typed):
    assert email_spelling(typed) == typed


@pytest.mark.parametrize(
    "written",
    ["", "plain", "two@@example.com", "sp ace@example.com", "umlaut-ü@example.com", "a@b", "@example.com", "a@",
     ".a@example.com",
     "a@example..com", "a@-x-.com", f"{'x' * 300}@example.com", "a@exam\nple.com", '"q"@example.com', "two@at@example.com",
     "a\u200bb@example.com", "a@[127.0.0.1]", "a@\u2764.ws", f"a@{'é' * 70}.com", f"a@{'é.' * 100}com"],
)  # fmt: skip
def test_an_invalid_email_is_refused(written):
    assert read_email(written) is None


def test_external_id_is_trimmed_and_keeps_its_case():
    assert read_external_id("  Ab/ é ") == "Ab/ é"


@pytest.mark.parametrize("invisible", ["\u200b", "\ufeff", "\u00ad", "\u2060", "\u202c"])
def test_invisible_characters_of_an_external_id_are_removed(invisible):
    assert read_external_id(f"{invisible}NW{invisible}-1{invisible}") == "NW-1"


@pytest.mark.parametrize("written", ["", "  ", "\u200b", "x" * 251, "a\x07b", "tab\tinside"])
def test_an_invalid_external_id_is_refused(written):
    assert read_external_id(written) is None


def test_external_id_follows_the_pattern_of_the_organization():
    assert read_external_id("NG-77", pattern=r"[A-Z]{2}-\d+") == "NG-77"
    assert read_external_id("NG-77x", pattern=r"[A-Z]{2}-\d+") is None
