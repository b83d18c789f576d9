"""Descriptions of the calls of version 2: plain JSON without an envelope (docs/protocol.md, tills' part 4.4, 5.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from loyalty_project.openapi.shapes import Schema

# What each HTTP status but 200 and 400 means.
_REFUSALS: Final[Mapping[str, str]] = {
    "401": "Credentials are missing or wrong.",
    "405": "Wrong method.",
    "413": "The body is too large.",
    "415": "The media type is neither JSON nor XML.",
    "422": "The Idempotency-Key was used before for other content.",
    "429": "Rate limit exceeded; `Retry-After` says when to try again.",
    "500": "Unexpected error.",
    "503": "The authorisation service is not available.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainOperation:
    """A POST without an envelope. `section` is that of docs/protocol.md; done, refused: what 200 and 400 mean."""

    path: str
    name: str
    tag: str
    summary: str
    section: str
    body: Schema
    answer: Schema
    done: str
    refusal: Schema
    refused: str

    def add_to(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The whole document with this call."""
        return {**document, "paths": {**document["paths"], self.path: {"post": self._document()}}}

    def _document(self) -> Schema:
        refusals = {"400": self.refused, **_REFUSALS}
        return {
            "operationId": self.name,
            "tags": [self.tag],
            "summary": self.summary,
            "description": f"Section {self.section} of docs/protocol.md.",
            "parameters": [{"$ref": "#/components/parameters/IdempotencyKey"}],
            "security": [{"basic": []}, {"token": []}, {"bearer": []}],
            "requestBody": {"required": True, "content": _json(self.body)},
            "responses": {
                "200": {"description": self.done, "content": _json(self.answer)},
                **{status: {"description": meaning, "content": _json(self.refusal)} for status, meaning in refusals.items()},
            },
        }


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}
