import pytest

from loyalty_project.api.formats import Format, format_of_media_type, media_type, sniff


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("application/json", Format.JSON),
        ("Application/JSON;charset=utf-8", Format.JSON),
        ("text/json", Format.JSON),
        ("application/vnd.shop+json", Format.JSON),
        ("application/xml", Format.XML),
        (" text/xml ; charset=ISO-8859-1", Format.XML),
        ("application/soap+xml", Format.XML),
        ("text/html", None),
        ("*/*", None),
        ("", None),
        (";", None),
    ],
)
def test_media_types_map_to_formats(header: str, expected: Format | None) -> None:
    assert format_of_media_type(media_type(header)) is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", Format.JSON),
        (b" \r\n\t[", Format.JSON),
        (b"\xef\xbb\xbf{", Format.JSON),
        (b"<a/>", Format.XML),
        (b"\xef\xbb\xbf <a/>", Format.XML),
        ("<a/>".encode("utf-16"), Format.XML),
        ("<a/>".encode("utf-16-be"), Format.XML),
        (b" " * 5000 + b"{", Format.JSON),
        (b"mobile=1", None),
        (b'"text"', None),
        (b"", None),
        (b" \n", None),
    ],
)
def test_the_first_character_speaks(body: bytes, expected: Format | None) -> None:
    assert sniff(body) is expected
