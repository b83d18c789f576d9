"""The setting SPECTACULAR_SETTINGS: the document's head and what its operations share (docs/protocol.md 1)."""

from typing import Any, Final

from loyalty_project.openapi.common import SCHEMAS
from loyalty_project.openapi.shapes import Schema, text

VERSION: Final = "1.1"
_DESCRIPTION: Final = """\
Calls of tills, shops and middleware about customers and their loyalty. The reference is docs/protocol.md.

Every action answers in JSON or XML: by the parameter `format`, the suffix `.json` or `.xml` of the address, the header
`Accept`, or the type of the body. Addresses may also end with a slash, and begin with `/1.1` or `/api/v1.1`. The action
`register` is `add`, `interactions` is `interaction`.

A failure of an item keeps HTTP 200: read `status.code` and the `item_status` of each item.
"""
_TAGS: Final = {
    "customer": "Customers and what they have.",
    "oauth": "Tokens of API clients.",
    "transaction": "Bills and returns.",
    "points": "Points at the till.",
    "coupon": "Coupons at the till.",
}
_REFUSALS: Final = {
    "400": "Body or parameters are unusable (400), or there are more items than allowed (1060).",
    "401": "Credentials are missing or wrong.",
    "403": "The caller's access group may not use the resource (4000).",
    "404": "Unknown action.",
    "405": "Wrong method.",
    "413": "The body is too large (400).",
    "415": "The media type is neither JSON nor XML.",
    "422": "The Idempotency-Key was used before for other content (400).",
    "429": "Rate limit exceeded; `Retry-After` says when to try again.",
    "461": "The search timed out or is busy.",
    "500": "Unexpected error; with V1_MIRROR_HTTP_STATUS also where every item failed, with the items.",
    "503": "The authorisation service is not available (4001).",
}


def _refusal(meaning: str) -> Schema:
    return {
        "description": meaning,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}},
            "application/xml": {"schema": {"$ref": "#/components/schemas/RefusalXml"}},
        },
    }


COMPONENTS: Final[dict[str, Any]] = {
    "schemas": dict(SCHEMAS),
    "responses": {status: _refusal(meaning) for status, meaning in _REFUSALS.items()},
    "parameters": {
        "format": {
            "name": "format", "in": "query", "description": "Format of the answer: json or xml. It comes before all else.",
            "schema": text(choices=("json", "xml")),
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header",
            "description": "Names the call: sent again with the same content, it takes effect once (1.10).",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        },
    },
    "headers": {
        "RequestId": {"description": "Unique id of the call, for the log.", "schema": {"type": "string", "format": "uuid"}}
    },
    "securitySchemes": {
        "basic": {
            "type": "http", "scheme": "basic",
            "description": "Code of the till, and the MD5 or SHA-256 hex digest of its password.",
        },
        "token": {
            "type": "apiKey", "in": "header", "name": "X-CAP-API-OAUTH-TOKEN",
            "description": "Token of `/v3/oauth/token/generate`.",
        },
        "bearer": {"type": "http", "scheme": "bearer", "description": "The same token as `Authorization: Bearer`."},
    },
}  # fmt: skip

SPECTACULAR: Final[dict[str, Any]] = {
    "TITLE": "Regulars",
    "DESCRIPTION": _DESCRIPTION,
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.1",
    "LICENSE": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
    "SERVERS": [{"url": "/"}],
    "TAGS": [{"name": name, "description": meaning} for name, meaning in _TAGS.items()],
    "DEFAULT_GENERATOR_CLASS": "loyalty_project.openapi.document.WireGenerator",
    "SCHEMA_PATH_PREFIX": "",
    "SORT_OPERATIONS": False,
    "APPEND_COMPONENTS": COMPONENTS,
    "POSTPROCESSING_HOOKS": [
        "organizations.credentials.openapi.add_token_path",
        "engagement.coupons.tills.openapi.add_reactivation_path",
        "engagement.redemptions.points_openapi.add_plain_path",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
