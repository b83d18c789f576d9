"""What do all views of the API share? How a request is read and an answer is written; who may ask is decided by subclasses."""

from collections.abc import Sequence
from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from loyalty_project.api.body import discard_body
from loyalty_project.api.exception_handler import answer_exception
from loyalty_project.api.negotiation import WireNegotiation, query_values
from loyalty_project.api.parsers import WireParser, parse_request
from loyalty_project.api.renderers import JSONRenderer, XMLRenderer
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import RequestRefusedError
from loyalty_project.protocol.values import Value, has_unusable_text

# Nobody's time is spent on the bodies of those who may not ask at all, or not now.
_STRANGERS = {401, 429}


class WireView(APIView):
    """A view that speaks the protocol of docs/protocol.md 1: JSON and XML in and out, every failure in the envelope.

    Handlers return `Response(tree, status=...)` and raise `RequestRefusedError` or `LoyaltyError`. The body is read when
    `payload()` is first called, so that failures come in the order 401, 404/405, 415, 400 (docs/protocol.md 7).
    The route may capture `suffix` ("json" or "xml").
    """

    http_method_names = ["get", "post", "put"]
    authentication_classes: Sequence[type[BaseAuthentication]] = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (WireParser,)
    renderer_classes = (JSONRenderer, XMLRenderer)
    content_negotiation_class = WireNegotiation

    @property
    def query(self) -> dict[str, str]:
        """The query: of repeated keys the last, values without surrounding blanks (docs/protocol.md 1.9).

        Raises what is answered with 400: more than 1000 pairs, or NUL characters and lone surrogates.
        """
        values = query_values(self.request._request)
        if has_unusable_text(values):
            raise RequestRefusedError(400, Code.INVALID_INPUT)
        return {key.strip(): value.strip() for key, value in values.items()}

    def payload(self) -> Value:
        """The parsed body, read once: one tree for both formats (docs/protocol.md 1.3, 1.10).

        Raises `RequestRefusedError`: 415, 413 or 400.
        """
        return parse_request(self.request._request)

    def get_format_suffix(self, **kwargs: Any) -> str | None:
        """The suffix of the address, when the route captured one."""
        suffix: str | None = kwargs.get("suffix")
        return suffix

    def handle_exception(self, exc: Exception) -> Response:
        """Answer whatever a handler, or what runs before it, raised; nothing is left to Django's pages."""
        response = answer_exception(exc, self.get_exception_handler_context())
        response.exception = True
        return response

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Choose the format again, now that the body may have told its own, and keep personal data out of caches."""
        if response.status_code not in _STRANGERS:
            discard_body(request._request)
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request, force=True)
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response
