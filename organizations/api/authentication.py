"""Who is calling? A till by HTTP Basic or an API client by token; all others get one same refusal (docs/protocol.md 1.8)."""

import re
from base64 import b64decode
from dataclasses import dataclass

from django.http import HttpRequest

from loyalty_project.protocol.codes import Transport
from loyalty_project.protocol.errors import RequestRefusedError
from organizations.api.client_ip import client_address
from organizations.credentials.hashing import digest_hash, verify_digest
from organizations.credentials.lookup import find_till
from organizations.credentials.models import ApiClient
from organizations.credentials.tokens import client_of_token
from organizations.credentials.verification_cache import VerificationUnavailableError, refuse_credential, verify_cached
from organizations.locations.models import Till
from organizations.tenancy.models import Organization

TOKEN_HEADERS = ("HTTP_X_CAP_API_OAUTH_TOKEN", "HTTP_CAP_API_ACCESS_TOKEN", "HTTP_X_CAP_API_ACCESS_TOKEN")
_LONGEST_BASIC = 500
_CREDENTIAL = re.compile(r"(?P<till>[a-z][a-z0-9._-]{0,49}):(?P<digest>[0-9a-fA-F]{32}|[0-9a-fA-F]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A proved caller. `name` is `till:CODE` or `client:KEY`; `till` the one that calls or that is bound to the client."""

    name: str
    organization: Organization
    till: Till
    client: ApiClient | None = None


def authenticate(request: HttpRequest) -> Caller:
    """The caller, read from the table now, in one query when it was proved before.

    A token header wins over Authorization. Raises `RequestRefusedError`: 401, or 503 when too many secrets wait to be checked.
    """
    scheme, _, credential = str(request.META.get("HTTP_AUTHORIZATION", "")).strip().partition(" ")
    bearer = credential.strip() if scheme.lower() == "bearer" else ""
    token = next((value for name in TOKEN_HEADERS if (value := str(request.META.get(name, "")).strip())), bearer)
    if token:
        caller = _client(token)
    elif scheme.lower() == "basic":
        caller = _till(credential.strip(), address=client_address(request))
    else:
        caller = None
    if caller is None:
        raise RequestRefusedError(401, Transport.UNAUTHORIZED)
    return caller


def _client(token: str) -> Caller | None:
    client = client_of_token(token)
    if client is None:
        return None
    return Caller(name=f"client:{client.key}", organization=client.organization, till=client.till, client=client)


def _till(credential: str, *, address: str) -> Caller | None:
    code, digest = _read_basic(credential)
    if not code:
        return None
    name = f"till:{code}"
    till = find_till(code)
    if till is None:
        refuse_credential(name, address=address)
        return None
    try:
        stored_hash = digest_hash(till, digest)
        good = verify_cached(name, stored_hash=stored_hash, secret=digest, address=address, verify=verify_digest)
    except VerificationUnavailableError as error:
        raise RequestRefusedError(503, Transport.AUTHORISATION_UNAVAILABLE, body_code=503) from error
    return Caller(name=name, organization=till.organization, till=till) if good else None


def _read_basic(credential: str) -> tuple[str, str]:
    """Till name and lower-case digest; blank when this cannot be the credential of any till, which is not even a guess."""
    if len(credential) > _LONGEST_BASIC:
        return "", ""
    try:
        text = b64decode(credential + "=" * (-len(credential) % 4), validate=True).decode("ascii")
    except ValueError:
        return "", ""
    found = _CREDENTIAL.fullmatch(text)
    return (found["till"], found["digest"].lower()) if found else ("", "")
