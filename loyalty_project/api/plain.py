"""Calls of other versions: plain JSON in and out, without the envelope of contract 1.1 (docs/protocol.md 1.1)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.http import HttpRequest
from rest_framework.response import Response

from loyalty_project.api.envelope import Tree
from loyalty_project.api.formats import Format
from loyalty_project.api.renderers import CONTENT_TYPES
from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.json_text import to_plain_json


def plain_refusal(code: int, message: str) -> Tree:
    """Answer to a request that failed as a whole."""
    return {"data": None, "errors": [{"code": code, "message": message}], "warnings": []}


def plain_warnings(status: Mapping[str, Any], *tables: type[CodeTable]) -> list[dict[str, Any]]:
    """The warnings of an `item_status`, each with its sentence of `Code` or `tables` without the final period.

    The last table with a code counts. A code of none has no sentence: its item was done, and has to be answered.
    """
    sentences = _sentences(Code, *tables)
    codes = map(int, status["warnings"]["warning"])
    return [{"code": code, "message": sentences.get(code, "")} for code in codes]


@cache
def _sentences(*tables: type[CodeTable]) -> Mapping[int, str]:
    return {int(code): code.sentence.removesuffix(".") for table in tables for code in table}


class PlainJsonMixin:
    """For a `WireView`: answers in JSON whatever is asked for, and refusals of whole requests as other versions have them."""

    def refuse_plainly(self, code: int, message: str) -> Tree:
        """The answer to a request that failed as a whole."""
        return plain_refusal(code, message)

    def handle_exception(self, error: Exception) -> Response:
        """The refusal that other views put into the envelope."""
        response: Response = super().handle_exception(error)  # type: ignore[misc]  # of the view
        status = response.data["response"]["status"]
        response.data = self.refuse_plainly(status["code"], status["message"])
        return response

    def write(self, _request: HttpRequest, tree: Any) -> tuple[bytes, str]:
        """JSON."""
        return to_plain_json(tree), CONTENT_TYPES[Format.JSON]
