"""Authentication of callers: tills by HTTP Basic, API clients by token (docs/protocol.md 1.8)."""

import re
from base64 import b64decode
from dataclasses import dataclass
from typing import Any, ClassVar

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from loyalty_project.api.exception_handler import CHALLENGE
from loyalty_project.client_ip import client_address
from loyalty_project.protocol.codes import Transport
from loyalty_project.protocol.errors import RequestRefusedError
from organizations.configuration import Configuration, configuration_of
from organizations.credentials.hashing import digest_hash, verify_digest
from organizations.credentials.lookup import FoundClient, FoundTill, find_till, load_till
from organizations.credentials.tokens import client_of_token
from organizations.credentials.verification_cache import VerificationUnavailableError, refuse_credential, verify_cached
from organizations.locations.models import Till
from organizations.tenancy.models import Organization

TOKEN_HEADERS = ("HTTP_X_CAP_API_OAUTH_TOKEN", "HTTP_CAP_API_ACCESS_TOKEN", "HTTP_X_CAP_API_ACCESS_TOKEN")
_LONGEST_BASIC = 500
_CREDENTIAL = re.compile(r"(?P<till>[a-z][a-z0-9._-]{0,49}):(?P<digest>[0-9a-fA-F]{32}|[0-9a-fA-F]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An authenticated caller. `name` is `till:CODE` or `client:KEY`; `till` is the caller itself or the client's till.

    `configuration` is what the organization had configured when the call began. Its rows, `till` with its store among them,
    are shared with other calls: nobody changes them.
    """

    name: str
    configuration: Configuration
    till: Till
    is_client: bool = False

    # Read by the framework's permission classes.
    is_authenticated: ClassVar[bool] = True

    @property
    def organization(self) -> Organization:
        """The caller's organization."""
        return self.configuration.organization


class CallerAuthentication(BaseAuthentication):
    """Tills by Basic credential, API clients by token. `request.user` and `request.auth` are the `Caller`.

    All refusals are alike: the answer does not show what was wrong.
    """

    def authenticate(self, request: Request) -> tuple[Caller, Caller] | None:
        """The caller, looked up at each call: one statement if the credential was verified before, and nothing changed.

        A token header takes precedence over Authorization; without either the result is None. Raises `AuthenticationFailed`,
        and `RequestRefusedError` 503 if too many secrets wait to be checked.
        """
        scheme, _, credential = str(request.META.get("HTTP_AUTHORIZATION", "")).strip().partition(" ")
        bearer = credential.strip() if scheme.lower() == "bearer" else ""
        token = next((value for name in TOKEN_HEADERS if (value := str(request.META.get(name, "")).strip())), bearer)
        if token:
            caller = _client(token)
        elif scheme.lower() == "basic":
            caller = _till(credential.strip(), address=client_address(request._request))
        else:
            return None
        if caller is None:
            raise AuthenticationFailed
        return caller, caller

    def authenticate_header(self, _request: Request) -> str:
        """The WWW-Authenticate header of a 401."""
        return CHALLENGE


def caller_of(request: Request) -> Caller:
    """The caller of an authenticated request. Raises `NotAuthenticated` for another."""
    caller: Any = request.auth
    if not isinstance(caller, Caller):
        raise NotAuthenticated
    return caller


def _client(token: str) -> Caller | None:
    client = client_of_token(token)
    return None if client is None else _caller(f"client:{client.key}", client)


def _till(credential: str, *, address: str) -> Caller | None:
    code, digest = _read_basic(credential)
    if not code:
        return None
    name = f"till:{code}"
    till = find_till(code)
    try:
        if till is None:
            refuse_credential(digest, address=address)
            return None
        stored_hash = digest_hash(till, digest)
        good = verify_cached(name, stored_hash=stored_hash, secret=digest, address=address, verify=verify_digest)
    except VerificationUnavailableError as error:
        raise RequestRefusedError(503, Transport.AUTHORISATION_UNAVAILABLE, body_code=503) from error
    return _caller(name, till) if good else None


def _caller(name: str, found: FoundTill | FoundClient) -> Caller | None:
    configuration = configuration_of(found.organization_id, found.configuration_version)
    till = configuration.part(load_till, found.till_id)
    if till is None:  # deleted at this moment
        return None
    return Caller(name=name, configuration=configuration, till=till, is_client=isinstance(found, FoundClient))


def _read_basic(credential: str) -> tuple[str, str]:
    """Till code and lower-case digest; blank if no till can have this credential, so that it is not counted as a guess."""
    if len(credential) > _LONGEST_BASIC:
        return "", ""
    try:
        text = b64decode(credential + "=" * (-len(credential) % 4), validate=True).decode("ascii")
    except ValueError:
        return "", ""
    match = _CREDENTIAL.fullmatch(text)
    return (match["till"], match["digest"].lower()) if match else ("", "")
