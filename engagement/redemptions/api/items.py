"""Items of the tills' calls about points: what bodies and queries ask for (docs/protocol.md, tills' part 1.2, 4)."""

from collections.abc import Mapping
from typing import Final

from customers.api.echoes import LONGEST_ECHO
from customers.lookup.references import references_in, references_of
from engagement.redemptions.codes import PointsCode
from engagement.redemptions.requests import RedeemableRequest, RedemptionRequest, ReversalRequest
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, RequestRefusedError
from loyalty_project.protocol.values import Item, Value, child, is_on, optional, rows, text

# What stands for a value that is not text: no reader accepts it.
_NOT_TEXT: Final = "?"
_OFF: Final = {"", "0", "false"}
_GROUP: Final = "user_group2_"
_USES_GROUP: Final = "use_default_user_group2"
# Kinds of identifiers in the body of /v2/points/reverse.
_PLAIN_KINDS: Final[Mapping[str, str]] = {
    "mobile": "mobile", "email": "email", "externalid": "external_id", "id": "id",
}  # fmt: skip


def points_in(item: Item, key: str) -> str:
    """The points of an item as text; "" if not supplied. An object or a list is text that no reader accepts (801)."""
    try:
        return text(item, key)
    except LoyaltyError:
        return _NOT_TEXT


def customer_block(item: Value) -> Item:
    """The customer of an item of a body; empty for an item that is no object."""
    return child(item, "customer") if isinstance(item, dict) else {}


def customer_references(item: Item) -> dict[str, str]:
    """The references of the customer in a body. Raises `LoyaltyError` 802 for an object or a list in place of a value."""
    try:
        return references_in(customer_block(item))
    except LoyaltyError:
        raise LoyaltyError(PointsCode.INVALID_CUSTOMER) from None


def query_references(query: Mapping[str, str]) -> dict[str, str]:
    """The references of a query (`references_of`). Raises `RequestRefusedError` 400 without any."""
    references = references_of(query)
    if not references:
        raise RequestRefusedError(400, Code.INVALID_INPUT)
    return references


def read_redemption(item: Item, query: Mapping[str, str], *, country_code: str) -> RedemptionRequest:
    """The redemption that an item asks for. Raises `LoyaltyError` 802, and 400 for an object in place of text."""
    return RedemptionRequest(
        references=customer_references(item),
        points=points_in(item, "points_redeemed"),
        program_id=query.get("program_id", ""),
        transaction_number=optional(item, "transaction_number"),
        validation_code=text(item, "validation_code"),
        external_reference=text(item, "external_reference_number"),
        redeemed_at=optional(item, "redemption_time"),
        purpose=text(item, "redemption_purpose"),
        notes=text(item, "notes"),
        custom_fields=[_field(row) for row in rows(item, "custom_fields", "field")],
        skips_validation=is_on(query, "skip_validation"),
        by_missed_call=_is_by_missed_call(query),
        for_group=_is_for_group(query),
        country_code=country_code,
    )


def read_question(query: Mapping[str, str], *, country_code: str) -> RedeemableRequest:
    """The question that a query asks. Raises `RequestRefusedError` 400 without a reference to a customer or an amount."""
    is_money = is_on(query, "currency_input")
    amount = (query.get("currency_value") if is_money else "") or query.get("points")
    if not amount:
        raise RequestRefusedError(400, Code.INVALID_INPUT)
    return RedeemableRequest(
        references=query_references(query),
        amount=amount,
        is_money=is_money,
        program_id=query.get("program_id", ""),
        validation_code=query.get("validation_code", ""),
        wants_code=is_on(query, "issue_otp"),
        by_missed_call=_is_by_missed_call(query),
        for_group=_is_for_group(query),
        country_code=country_code,
    )


def read_reversal(item: Item, *, country_code: str) -> ReversalRequest:
    """The reversal that an item asks for. Raises `LoyaltyError` 802, and 400 for an object in place of text."""
    return ReversalRequest(
        redemption_id=optional(item, "redemption_id"),
        transaction_number=optional(item, "transaction_number"),
        points=points_in(item, "points"),
        references=customer_references(item),
        external_reference=text(item, "external_reference_number"),
        notes=text(item, "notes"),
        country_code=country_code,
    )


def read_plain_reversal(item: Item, *, country_code: str) -> ReversalRequest:
    """The reversal that the body of /v2/points/reverse asks for.

    Raises `LoyaltyError` 802 for an unknown kind of identifier, and 400 for an object in place of text.
    """
    identifier = child(item, "identifier")
    kind, value = text(identifier, "type"), text(identifier, "value")
    name = _PLAIN_KINDS.get(kind.replace("_", "").lower(), "")
    if (kind or value) and not (name and value):
        raise LoyaltyError(PointsCode.INVALID_CUSTOMER)
    return ReversalRequest(
        redemption_id=optional(item, "redemptionId"),
        points=points_in(item, "pointsToBeReversed"),
        references={name: value} if name else {},
        country_code=country_code,
    )


def plain_identifier(item: Item) -> dict[str, str]:
    """The identifier in the body of /v2/points/reverse as sent, for its answer."""
    sent = child(item, "identifier")
    return {key: _as_text(sent.get(key)).strip()[:LONGEST_ECHO] for key in ("type", "value")}


def _field(row: Item) -> dict[str, str]:
    """Name and value of a custom field, as text; "" for what is none, which is dropped."""
    return {key: _as_text(row.get(key)) for key in ("name", "value")}


def _as_text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _is_by_missed_call(query: Mapping[str, str]) -> bool:
    return query.get("validation_type", "").upper() == "MISSED_CALL"


def _is_for_group(query: Mapping[str, str]) -> bool:
    """True if the query redeems for a group of users, which is not offered: 828."""
    named = any(value for key, value in query.items() if key.startswith(_GROUP))
    return named or query.get(_USES_GROUP, "").lower() not in _OFF
