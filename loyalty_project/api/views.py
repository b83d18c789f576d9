"""Base of all views of the wire: how a request is read and an answer is written. Subclasses say who may call."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import cached_property
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from loyalty_project.api.body import discard_body
from loyalty_project.api.negotiation import asked_format, query_values
from loyalty_project.api.parsers import parse_request
from loyalty_project.api.renderers import CONTENT_TYPES, JSONRenderer, XMLRenderer, render
from loyalty_project.db.request_time import limited_time, request_time
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import RequestRefusedError
from loyalty_project.protocol.values import Value, has_unusable_text

# The bodies of callers who are unknown or over their limit are not even read to their end.
_BODY_NOT_READ = {401, 429}


class WireView(APIView):
    """A view that speaks the protocol of docs/protocol.md 1: JSON and XML, every failure in the envelope.

    It denies every call: subclasses name the authentication that permits calls. Handlers return `Response(tree)` and raise
    `RequestRefusedError` or `LoyaltyError`. The body is read when `payload()` is first called, so that failures come in the
    order 401, 429, 404/405/406, 415, 400 (docs/protocol.md 7). The route may capture `format` ("json" or "xml").
    """

    http_method_names = ["get", "post", "put"]
    authentication_classes: Sequence[type[BaseAuthentication]] = ()
    permission_classes: Sequence[type[BasePermission]] = (IsAuthenticated,)
    throttle_classes: Sequence[type[BaseThrottle]] = ()
    # `payload` reads bodies.
    parser_classes = ()
    # JSON in single quotes is read too (docs/protocol.md, tills' part 1.2).
    reads_single_quotes = False
    renderer_classes = (JSONRenderer, XMLRenderer)

    @cached_property
    def query(self) -> dict[str, str]:
        """The query: of repeated keys the last, values without surrounding blanks (docs/protocol.md 1.9).

        Raises errors answered with 400: more than 1000 pairs, NUL characters, lone surrogates.
        """
        values = query_values(self.request._request)
        if has_unusable_text(values):
            raise RequestRefusedError(400, Code.INVALID_INPUT)
        return {key.strip(): value.strip() for key, value in values.items()}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer within the time of a request (`loyalty_project.db.request_time`)."""
        with limited_time():
            return super().dispatch(request, *args, **kwargs)

    def payload(self) -> Value:
        """The parsed body, read once: the same tree for both formats (docs/protocol.md 1.3, 1.10).

        Raises `RequestRefusedError`: 415, 413 or 400.
        """
        payload = parse_request(self.request._request, single_quotes=self.reads_single_quotes)
        if limit := request_time():
            limit.start_again()
        return payload

    def initialize_request(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> Request:
        """The framework's request, which authenticates the caller when it is asked for the user."""
        return Request(request, authenticators=self.get_authenticators())

    def initial(self, request: Request, *_args: Any, **_kwargs: Any) -> None:
        """Admit the caller. The format is chosen at the end, as the body may decide it."""
        self.perform_authentication(request)
        self.check_permissions(request)
        self.check_throttles(request)

    def finalize_response(self, request: Request, response: Response, *_args: Any, **_kwargs: Any) -> Response:
        """Write the answer's tree in the asked format, and keep personal data out of caches."""
        if response.status_code not in _BODY_NOT_READ:
            discard_body(request._request)
        response.content, response["Content-Type"] = self.write(request._request, response.data)
        for name, value in self.headers.items():
            response[name] = value
        response["Cache-Control"] = "no-store"
        return response

    def write(self, request: HttpRequest, tree: Any) -> tuple[bytes, str]:
        """The bytes of an answer's tree, and their media type (docs/protocol.md 1.2)."""
        wanted = asked_format(request, self.kwargs.get("format"))
        return render(tree, wanted), CONTENT_TYPES[wanted]
