"""Base of the views for tills under version 2: plain JSON without the envelope (docs/protocol.md 1.1)."""

import json
from typing import Any

from django.http import HttpRequest
from rest_framework.response import Response

from loyalty_project.api.envelope import Tree
from loyalty_project.api.formats import Format
from loyalty_project.api.renderers import CONTENT_TYPES
from loyalty_project.api.response import WireResponse
from organizations.api.views import TillViewSet


class PlainTillViewSet(TillViewSet):
    """A viewset that answers in JSON whatever is asked for, without the envelope.

    A refusal of the whole call is `{"success": false, "warnings": [], "errors": [{"code", "message"}]}` with its HTTP status.
    """

    def answer(self, tree: Tree) -> Response:
        """The response with this tree."""
        return WireResponse(tree)

    def handle_exception(self, error: Exception) -> Response:
        """The refusal that other views put into the envelope."""
        response = super().handle_exception(error)
        status = response.data["response"]["status"]
        response.data = plain_answer(errors=[{"code": status["code"], "message": status["message"]}])
        return response

    def write(self, _request: HttpRequest, tree: Any) -> tuple[bytes, str]:
        """JSON."""
        return json.dumps(tree).encode(), CONTENT_TYPES[Format.JSON]


def plain_answer(*, errors: list[dict[str, Any]], warnings: list[dict[str, Any]] | None = None) -> Tree:
    """An answer: it is a success without errors."""
    return {"success": not errors, "warnings": warnings or [], "errors": errors}
