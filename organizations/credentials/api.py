"""Tokens for API clients: `POST /v3/oauth/token/generate` with key and secret (docs/protocol.md 1.8).

Its answers do not have the envelope of contract 1.1.
"""

import json
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from loyalty_project.api.body import discard_body, read_body
from loyalty_project.api.exception_handler import RETRY_SECONDS, as_refusal
from loyalty_project.client_ip import client_address
from loyalty_project.protocol.codes import Code, Transport
from loyalty_project.protocol.errors import RequestRefusedError
from organizations.credentials.tokens import client_of_secret, issue_token
from organizations.credentials.verification_cache import VerificationUnavailableError
from organizations.tenancy import scoping


@method_decorator(csrf_exempt, name="dispatch")
class TokenView(View):
    """Issues tokens: `{"key": ..., "secret": ...}` as JSON, whatever the Content-Type, answered in JSON."""

    http_method_names = ["post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer. Unexpected exceptions are logged and answered with 500 in this endpoint's form."""
        try:
            with scoping.no_scope():
                response = super().dispatch(request, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the counterpart of the exception handler of the other views
            refused = as_refusal(error)
            response = _refused(refused.http_status, refused.message)
        discard_body(request)
        response["Cache-Control"] = "no-store"
        return response

    def post(self, request: HttpRequest) -> JsonResponse:
        """A token for a verified key. Else 401; 400 for a body without key and secret; 503 if too many wait."""
        key, secret = _read_credential(request)
        try:
            client = client_of_secret(key, secret, address=client_address(request))
        except VerificationUnavailableError as error:
            raise RequestRefusedError(503, Transport.AUTHORISATION_UNAVAILABLE) from error
        if client is None:
            raise RequestRefusedError(401, Transport.UNAUTHORIZED)
        return JsonResponse({"data": {"accessToken": issue_token(client), "ttlSeconds": client.token_ttl}, "errors": None})

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:  # noqa: ARG002
        """405 with the allowed method."""
        response = _refused(405, Transport.METHOD_NOT_ALLOWED.sentence)
        response["Allow"] = "POST"
        return response


def _read_credential(request: HttpRequest) -> tuple[str, str]:
    try:
        given = json.loads(read_body(request))
    except (ValueError, RecursionError) as error:
        raise RequestRefusedError(400, Code.INVALID_INPUT) from error
    key, secret = (given.get("key"), given.get("secret")) if isinstance(given, dict) else (None, None)
    if not (key and secret and isinstance(key, str) and isinstance(secret, str)):
        raise RequestRefusedError(400, Code.INVALID_INPUT)
    return key, secret


def _refused(status: int, message: str) -> JsonResponse:
    response = JsonResponse({"data": None, "errors": [{"code": status, "message": message}]}, status=status)
    if status == 503:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response
