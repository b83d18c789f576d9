"""Calls of other versions: plain JSON in and out, without the envelope of contract 1.1 (docs/protocol.md 1.9)."""

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework.response import Response

from loyalty_project.api.envelope import Tree
from loyalty_project.api.exception_handler import answer_exception
from loyalty_project.api.formats import Format


def plain_refusal(code: int, message: str) -> Tree:
    """Answer to a request that failed as a whole."""
    return {"data": None, "errors": [{"code": code, "message": message}], "warnings": []}


def answer_plain_exception(error: Exception, context: Mapping[str, Any]) -> Response:
    """As `answer_exception`, in the form of other versions."""
    response = answer_exception(error, context)
    status = response.data["response"]["status"]
    response.data = plain_refusal(status["code"], status["message"])
    return response


class PlainJsonMixin:
    """For a `WireView`: refusals as other versions have them, answers in JSON whatever is asked for."""

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], Response]:
        """The exception handler."""
        return answer_plain_exception

    def answer_format(self, _request: Any) -> Format:
        """JSON."""
        return Format.JSON
