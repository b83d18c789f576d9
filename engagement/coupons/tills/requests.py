"""Bodies and queries of the calls about coupons, as requests of the services (docs/protocol.md, tills' part 5)."""

from collections.abc import Callable, Mapping
from typing import Final

from customers.lookup.references import references_in, references_of
from engagement.coupons.issuing import IssueRequest
from engagement.coupons.redeeming import CouponUse, UsableQuestion
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, RequestRefusedError
from loyalty_project.protocol.values import MOST_ROWS, Item, as_list, child, rows, text

_CASES: Final[Mapping[str, Callable[[str], str]]] = {"LOWER": str.lower, "AS_IT_IS": str}


def read_question(query: Mapping[str, str], *, country_code: str = "") -> UsableQuestion:
    """The question of a query. Raises `RequestRefusedError` 400 without a reference or a code."""
    references, code = references_of(query), query.get("code", "")
    if not references or not code:
        raise RequestRefusedError(400, Code.INVALID_INPUT)
    return UsableQuestion(code=code, references=references, amount=query.get("amount", ""), country_code=country_code)


def printed_case(query: Mapping[str, str]) -> Callable[[str], str]:
    """How the answer writes the code of the coupon: `coupon_code_case`, in upper case by default."""
    return _CASES.get(query.get("coupon_code_case", "").upper(), str.upper)


def read_use(item: Item, query: Mapping[str, str], *, country_code: str = "") -> CouponUse:
    """The redemption that an item asks for. An item without a customer is for the one of the query.

    Raises `LoyaltyError` 400 for an object or a list in place of a value, and for more than 100 custom fields.
    """
    bill = child(item, "transaction")
    return CouponUse(
        code=text(item, "code"),
        coupon_id=text(item, "id"),
        references=references_in(child(item, "customer")) or references_of(query),
        transaction_number=text(bill, "number"),
        amount=text(bill, "amount"),
        discount=text(bill, "discount"),
        redeemed_at=text(item, "redemption_time"),
        custom_fields=_read_fields(item),
        country_code=country_code,
    )


def read_issue(item: Item, *, country_code: str = "") -> IssueRequest:
    """The coupon that an item asks for. Raises `LoyaltyError` 400 for an object or a list in place of a value."""
    return IssueRequest(
        series=text(item, "series_id", "id"),
        references=references_in(child(item, "customer")),
        external_reference=text(item, "external_reference_number"),
        country_code=country_code,
    )


def redemptions_to_reverse(content: object) -> dict[str, list[Item]]:
    """The body of the address of version 2, `{"redemptionIds": [...]}`, as the body of coupon/reactivate."""
    given = content.get("redemptionIds") if isinstance(content, dict) else None
    return {"coupon": [{"redemption_id": redemption_id} for redemption_id in as_list(given)]}


def sent_text(item: Item, *keys: str) -> str:
    """The text under the first of these keys that has one, "" otherwise: what an answer to a failure repeats."""
    return next((given for key in keys if isinstance(given := item.get(key), str) and given.strip()), "")


def _read_fields(item: Item) -> list[dict[str, str]]:
    """Names and values of `custom_fields.field[]`, or of a list of `{field}`. Those that are not text are left out."""
    fields = [
        field
        for row in rows(item, "custom_fields", "field")
        for field in (as_list(row["field"]) if "field" in row else [row])
    ]  # fmt: skip
    if len(fields) > MOST_ROWS:
        raise LoyaltyError(Code.INVALID_INPUT)
    return [
        {key: value for key in ("name", "value") if isinstance(value := field.get(key), str)}
        for field in fields
        if isinstance(field, dict)
    ]
