"""What descriptions of several nouns share: parameters that name customers, and objects that recur (docs/protocol.md 3)."""

from collections.abc import Mapping
from typing import Final

from loyalty_project.openapi.operations import Parameter
from loyalty_project.openapi.shapes import Properties, Schema, container, record, rows, shared, text

# Codes of every look-up of a customer.
LOOKUP_CODES: Final = (400, 1011, 1012, 1015, 1042, 1044, 91009)


def flag(name: str, meaning: str, *, default: str = "off") -> Parameter:
    """A switch of the query: `true` or `1` is on."""
    return Parameter(name=name, meaning=f"{meaning} `true` or `1` is on; default: {default}.")


def choice(name: str, meaning: str, *options: str) -> Parameter:
    """A parameter with the words that it knows, in any case."""
    return Parameter(name=name, meaning=f"{meaning} One of: {', '.join(options)}.", schema=text(example=options[0]))


def whole(name: str, meaning: str) -> Parameter:
    """A parameter that is a whole number, as text of digits."""
    return Parameter(name=name, meaning=meaning, schema=text(example="10"))


def plain(name: str, meaning: str) -> Parameter:
    """A parameter of any text."""
    return Parameter(name=name, meaning=meaning)


_IDENTIFIERS: Final[Mapping[str, str]] = {
    "mobile": "Mobile number, with its country code or as a national number; several with commas.",
    "email": "E-mail address; several with commas.",
    "external_id": "External id; several with commas.",
    "id": "The customer's id; several with commas.",
}
# One of these names the customer; the answer to a call without any is 400.
IDENTIFIERS: Final = tuple(plain(name, meaning) for name, meaning in _IDENTIFIERS.items())
# What names the customer in the calls of tills.
REFERENCES: Final[Mapping[str, str]] = {
    "id": "The customer's id.",
    "user_id": "The same as `id`.",
    "mobile": "Mobile number, with its country code or as a national number.",
    "email": "E-mail address.",
    "external_id": "External id.",
    "card_number": "Number of a card.",
    "card_external_id": "External id of a card.",
}
IDENTIFIER_PAIR: Final = (
    plain("identifierName", "Kind of the identifier, in place of the parameter of that name."),
    plain("identifierValue", "The identifier of that kind."),
)
MEMBER_CARE: Final = flag("member_care_access", "Only customers who registered at the caller's store, else 1044.")
PERIOD: Final = (
    plain("start_date", "From this day or moment on, inclusive."),
    plain("end_date", "Up to this day or moment, inclusive."),
)

NAMES: Final[Properties] = {"firstname": text(), "lastname": text()}
IDENTITY: Final[Properties] = {
    "mobile": text("Digits with the country code.", nullable=True),
    "email": text(nullable=True),
    "external_id": text(nullable=True),
}
ITEM_STATUS: Final[Properties] = {"item_status": shared("ItemStatus")}
TILL_ITEM_STATUS: Final[Properties] = {"item_status": shared("TillItemStatus")}
FIELDS: Final = shared("Fields")
PLACE: Final = record("A store or till.", code=text(), name=text())

# Schemas of the document's components.
SCHEMAS: Final[Mapping[str, Schema]] = {
    "Status": record(
        "The outcome of the call.",
        required=("success", "code", "message"),
        success=text(choices=("true", "false")),
        code={"type": "integer", "description": "200, 201 (some items failed) or 500 (all failed)."},
        message=text(),
    ),
    "StatusWithTotals": record(
        "The outcome of the call, with the number of its items and of those that succeeded.",
        required=("success", "code", "message", "total", "success_count"),
        success=text(choices=("true", "false")),
        code={"type": "integer", "description": "200, 201 (some items failed) or 500 (all failed)."},
        message=text(),
        total=text(),
        success_count=text(),
    ),
    "ItemStatus": record(
        "The outcome of an item.",
        required=("success", "code", "message"),
        success=text(choices=("true", "false")),
        code=text("The code of success or failure; the operation lists them.", example="1000"),
        message=text("The literal of success with the sentences of warnings, or the sentence of the failure."),
        warnings=container("warning", text(), "Codes of warnings."),
    ),
    "TillItemStatus": record(
        "The outcome of an item of a till's call.",
        required=("success", "code", "message", "warnings"),
        success=text(choices=("true", "false")),
        code={"type": "integer", "description": "The code of success or failure; the operation lists them."},
        message=text("The literal of success with the sentences of warnings, or the sentence of the failure."),
        warnings=container("warning", text(), "Codes of warnings."),
    ),
    "Fields": container("field", record(name=text(), value={"type": ["string", "null"]}), "Values of fields by name."),
    "RefusedStatus": record(
        "Nothing was done.",
        required=("success", "code", "message"),
        success=text(choices=("false",)),
        code={"type": "integer", "description": "The body code (1.6)."},
        message=text(),
        warnings=record(warning=rows(text())),
    ),
    "Refusal": record(required=("response",), response=record(required=("status",), status=shared("RefusedStatus"))),
    "RefusalXml": {**record(required=("status",), status=shared("RefusedStatus")), "xml": {"name": "response"}},
}
