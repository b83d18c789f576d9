"""Tickets of pages with a file to upload: signed parameters of their address, with which a larger body is received.

The server decides how much of a body it keeps before Django knows who sends it. A page that its user may see has a ticket.
"""

from typing import Final
from urllib.parse import parse_qs

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner

MAX_FILE_BYTES: Final = 50 * 1024 * 1024
# The file, and the other fields of the form. Less than what the server reads of a body that it refuses.
MAX_UPLOAD_BYTES: Final = MAX_FILE_BYTES + 1024 * 1024
PARAMETER: Final = "ticket"
_LONGEST: Final = 200
_SUBJECT: Final = "upload"


def make_ticket() -> str:
    """A ticket for as long as a session lasts."""
    return TimestampSigner(salt=_SUBJECT).sign(_SUBJECT)


def is_ticket(text: str) -> bool:
    """True for a ticket that is still valid."""
    if not 0 < len(text) <= _LONGEST:
        return False
    try:
        TimestampSigner(salt=_SUBJECT).unsign(text, max_age=settings.SESSION_COOKIE_AGE)
    except BadSignature:
        return False
    return True


def has_ticket(query: str) -> bool:
    """True if the query string of an address has a valid ticket."""
    if not query.startswith(f"{PARAMETER}="):
        return False
    return is_ticket(parse_qs(query, max_num_fields=10).get(PARAMETER, [""])[0]) if query.count("&") < 10 else False
