"""Description of the call for tokens (docs/protocol.md 1.8). It is in JSON alone and has no envelope."""

from typing import Any, Final

from loyalty_project.openapi.shapes import Schema, record, rows, text

_ERRORS: Final = record(
    required=("data", "errors"),
    data={"type": "null"},
    errors=rows(record(required=("code", "message"), code={"type": "integer"}, message=text())),
)
_ANSWER: Final = record(
    required=("data", "errors"),
    data=record(
        required=("accessToken", "ttlSeconds"),
        accessToken=text("JWT, signed with RS256."),
        ttlSeconds={"type": "integer", "description": "How long it is valid."},
    ),
    errors={"type": "null"},
)
_REFUSALS: Final = {
    "400": "The body has no key and secret.",
    "401": "Unknown key or wrong secret.",
    "405": "Wrong method.",
    "413": "The body is too large.",
    "500": "Unexpected error.",
    "503": "Too many verifications wait.",
}
PATH: Final = "/v3/oauth/token/generate"


def _answer(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


TOKEN: Final[Schema] = {
    "post": {
        "operationId": "post_oauth_token",
        "tags": ["oauth"],
        "summary": "Get a token with the key and secret of an API client",
        "description": "Section 1.8 of docs/protocol.md.",
        "security": [],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": record(required=("key", "secret"), key=text(), secret=text())},
            },
        },
        "responses": {
            "200": _answer("A token.", _ANSWER),
            **{status: _answer(meaning, _ERRORS) for status, meaning in _REFUSALS.items()},
        },
    }
}


def add_token_path(result: dict[str, Any], **_context: object) -> dict[str, Any]:
    """Hook of drf-spectacular: the document with this path, whose view is not one of the wire's."""
    return {**result, "paths": {**result["paths"], PATH: TOKEN}}
