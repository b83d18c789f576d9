"""Bodies of requests, received in the event loop under a deadline and a limit, before a thread works on the request."""

import asyncio
import tempfile
from collections.abc import AsyncIterable
from typing import IO, Final

from loyalty_project.api.body import MAX_BODY_BYTES, MAX_DISCARDED_BYTES

# A body has this time, and a second more for each 32 KiB that have arrived: at most three minutes for 5 MiB.
GRACE_SECONDS: Final = 20.0
SLOWEST_RATE: Final = 32 * 1024
# What is larger waits in a temporary file, so that many large bodies do not fill the memory.
KEPT_IN_MEMORY: Final = 64 * 1024


class Body:
    """A received body as the stream `wsgi.input`. Reading behind the end of an incomplete one raises TimeoutError."""

    def __init__(self, file: IO[bytes], *, is_complete: bool) -> None:
        self._file = file
        self._is_complete = is_complete

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, all of them if it is negative; b"" at the end."""
        return self._received(self._file.read(size), size)

    def readline(self, size: int = -1, /) -> bytes:
        """The next line, at most `size` bytes of it."""
        return self._received(self._file.readline(size), size)

    def close(self) -> None:
        """Delete the temporary file."""
        self._file.close()

    def _received(self, data: bytes, size: int) -> bytes:
        if not data and size and not self._is_complete:
            raise TimeoutError("The body did not arrive in time.")
        return data


async def receive_body(chunks: AsyncIterable[bytes], *, most: int = MAX_BODY_BYTES) -> Body:
    """The body that arrives in `chunks`: complete, or as far as it has come when its time is over.

    Bytes behind the limit of `most` (5 MiB) are read up to 64 MiB and dropped, one is kept: the reader sees that the limit is
    exceeded, and a client that is still sending gets the answer.
    """
    file = tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)  # noqa: SIM115 - closed with the body
    received = 0
    is_complete = False
    loop = asyncio.get_running_loop()
    begun = loop.time()
    try:
        async with asyncio.timeout_at(begun + GRACE_SECONDS) as deadline:
            async for chunk in chunks:
                file.write(chunk[: max(0, most + 1 - received)])
                received += len(chunk)
                if received > MAX_DISCARDED_BYTES:
                    break
                deadline.reschedule(begun + GRACE_SECONDS + min(received, most) / SLOWEST_RATE)
            is_complete = True
    except (TimeoutError, OSError, RuntimeError):
        # RuntimeError: the server's error for a client that went away.
        pass
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return Body(file, is_complete=is_complete)
