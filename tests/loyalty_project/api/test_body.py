import gzip
import io
import zlib
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, UnreadablePostError

from loyalty_project.api.body import MAX_BODY_BYTES, discard_body, read_body
from loyalty_project.protocol.errors import RequestRefusedError


class Wire(io.BytesIO):
    """A client's stream that counts what was taken from it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        self.taken += len(chunk)
        return chunk


class BrokenWire:
    """A client that goes away."""

    def read(self, _size: int) -> bytes:
        raise ConnectionResetError("gone")

    readline = read


def request_with(stream: Any, **meta: Any) -> HttpRequest:
    return WSGIRequest({"REQUEST_METHOD": "POST", "wsgi.input": stream, **meta})


def posted(body: bytes, *, encoding: str = "", length: int | None = None) -> HttpRequest:
    declared = len(body) if length is None else length
    return request_with(Wire(body), CONTENT_LENGTH=str(declared), HTTP_CONTENT_ENCODING=encoding)


def refused(request: HttpRequest) -> tuple[int, int]:
    with pytest.raises(RequestRefusedError) as caught:
        read_body(request)
    return caught.value.http_status, caught.value.body_code


def raw_deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_a_plain_body_is_read_to_its_length(encoding: str) -> None:
    assert read_body(posted(b'{"a": 1}trailing', encoding=encoding, length=8)) == b'{"a": 1}'


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("gzip", gzip.compress), ("X-GZIP", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate)],
)
def test_compressed_bodies_are_unpacked(encoding: str, compress: Any) -> None:
    body = b'{"root": {}}' * 1000
    assert read_body(posted(compress(body), encoding=encoding)) == body


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress"])
def test_other_encodings_are_415(encoding: str) -> None:
    assert refused(posted(b"{}", encoding=encoding)) == (415, 415)


@pytest.mark.parametrize(
    "body", [b"not gzip", gzip.compress(b"{}", mtime=0)[:-3], gzip.compress(b"{}", mtime=0) + b"more", b"\x1f"]
)
def test_spoiled_compression_is_400(body: bytes) -> None:
    assert refused(posted(body, encoding="gzip")) == (400, 400)


def test_nothing_is_nothing_even_when_it_claims_to_be_compressed() -> None:
    assert read_body(posted(b"", encoding="gzip")) == b""


def test_a_body_of_exactly_the_limit_is_read() -> None:
    assert len(read_body(posted(b" " * MAX_BODY_BYTES))) == MAX_BODY_BYTES


def test_a_body_above_the_limit_is_413_and_not_read_to_its_end() -> None:
    request = posted(b" " * (3 * MAX_BODY_BYTES))
    assert refused(request) == (413, 400)
    assert request.META["wsgi.input"].taken < MAX_BODY_BYTES + 200_000


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate)]
)
def test_the_limit_counts_unpacked_bytes(encoding: str, compress: Any) -> None:
    assert refused(posted(compress(b" " * (MAX_BODY_BYTES + 1)), encoding=encoding)) == (413, 400)
    assert len(read_body(posted(compress(b" " * MAX_BODY_BYTES), encoding=encoding))) == MAX_BODY_BYTES


def test_a_chunked_body_is_read_to_its_end() -> None:
    meta = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert read_body(request_with(Wire(b"{}"), **meta)) == b"{}"


def test_the_limit_holds_for_chunked_bodies() -> None:
    meta = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert refused(request_with(Wire(b" " * (2 * MAX_BODY_BYTES)), **meta)) == (413, 400)


def test_a_chunked_body_that_the_server_does_not_end_is_left_alone() -> None:
    assert read_body(request_with(Wire(b"{}"), HTTP_TRANSFER_ENCODING="chunked")) == b""


def test_a_body_that_was_buffered_before_is_read_again() -> None:
    request = posted(b"{}")
    assert request.body == b"{}"
    assert read_body(request) == b"{}"


def test_a_client_that_goes_away_is_400() -> None:
    assert refused(request_with(BrokenWire(), CONTENT_LENGTH="5")) == (400, 400)


def test_the_rest_of_a_body_is_taken_before_the_answer() -> None:
    request = posted(b" " * 1_000_000)
    discard_body(request)
    assert request.META["wsgi.input"].taken == 1_000_000


def test_taking_the_rest_ends_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loyalty_project.api.body.MAX_DISCARDED_BYTES", 100_000)
    request = posted(b" " * 1_000_000)
    discard_body(request)
    assert request.META["wsgi.input"].taken < 200_000


def test_taking_the_rest_never_raises() -> None:
    request = request_with(BrokenWire(), CONTENT_LENGTH="5")
    with pytest.raises(UnreadablePostError):
        request.read(5)
    discard_body(request)
