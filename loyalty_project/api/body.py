"""Bodies of requests: read from the stream under a limit and decompressed, whatever the headers claim."""

import zlib
from contextlib import suppress
from typing import Final, Protocol

from django.http import HttpRequest

from loyalty_project.protocol.codes import Code, Transport
from loyalty_project.protocol.errors import RequestRefusedError

MAX_BODY_BYTES: Final = 5 * 1024 * 1024
# An unread body is taken and dropped up to this size before the answer: otherwise a client that is still sending sees its
# connection reset instead of the answer.
MAX_DISCARDED_BYTES: Final = 64 * 1024 * 1024
_NO_LENGTH: Final = frozenset({None, "", "0"})
_CHUNK: Final = 64 * 1024


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_body(request: HttpRequest) -> bytes:
    """The body, decompressed, at most 5 MiB before and after that (docs/protocol.md 1.10).

    Raises `RequestRefusedError`: 415 for an unknown Content-Encoding, 413 above the limit, 400 if the stream breaks off or
    the compressed data is corrupt.
    """
    encoding = str(request.META.get("HTTP_CONTENT_ENCODING", "")).strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        raise RequestRefusedError(415, Transport.UNSUPPORTED_MEDIA_TYPE)
    try:
        raw = _read_limited(_stream(request))
    except OSError as error:  # the client went away; Django's UnreadablePostError among them
        raise RequestRefusedError(400, Code.INVALID_INPUT) from error
    return raw if encoding in {"", "identity"} else _inflate(raw, gzip=encoding != "deflate")


def discard_body(request: HttpRequest) -> None:
    """Read the rest of the body and drop it, up to 64 MiB. Never raises."""
    if request.META.get("CONTENT_LENGTH") in _NO_LENGTH and "HTTP_TRANSFER_ENCODING" not in request.META:
        return
    left = MAX_DISCARDED_BYTES
    with suppress(OSError):
        stream = _stream(request)
        while left > 0 and (chunk := stream.read(_CHUNK)):
            left -= len(chunk)


def _stream(request: HttpRequest) -> _Readable:
    """The request's stream: Django's, which ends at Content-Length, or the server's own for a chunked body."""
    chunked = "HTTP_TRANSFER_ENCODING" in request.META and request.META.get("wsgi.input_terminated")
    stream: _Readable = request.META["wsgi.input"] if chunked else request
    return stream


def _read_limited(stream: _Readable) -> bytes:
    body = bytearray()
    while chunk := stream.read(_CHUNK):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise RequestRefusedError(413, Code.INVALID_INPUT)
    return bytes(body)


def _inflate(raw: bytes, *, gzip: bool) -> bytes:
    if not raw:
        return raw
    if gzip:
        window = 16 + zlib.MAX_WBITS
    else:
        # "deflate" should be the zlib format, but many clients send the bare stream.
        has_header = raw[0] & 0x0F == 8 and int.from_bytes(raw[:2]) % 31 == 0
        window = zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS
    inflater = zlib.decompressobj(window)
    try:
        body = inflater.decompress(raw, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise RequestRefusedError(400, Code.INVALID_INPUT) from error
    if len(body) > MAX_BODY_BYTES:
        raise RequestRefusedError(413, Code.INVALID_INPUT)
    if not inflater.eof or inflater.unused_data:
        raise RequestRefusedError(400, Code.INVALID_INPUT)
    return body
