"""Sentences on rows of a transactions file whose bill is refused: which column, what it has, what is wrong."""

from collections.abc import Mapping
from typing import Final

from engagement.bills.codes import BillCode
from loyalty_project.imports.cells import Values, reason, text_cell
from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.errors import LoyaltyError

_OUT_OF_LIMITS: Final = "is outside of the limits of the organization"
# Of each code, its column and the end of the sentence on it.
_REASONS: Final[Mapping[CodeTable, tuple[str, str]]] = {
    BillCode.INVALID_AMOUNT: ("amount", _OUT_OF_LIMITS),
    BillCode.DUPLICATE_NUMBER: ("number", "is a bill of this till or store with other content, or of a day around"),
    BillCode.NOT_RETURNABLE: ("return_of", "is a bill that cannot be returned"),
    BillCode.RETURN_BEFORE_SALE: ("billing_time", "is earlier than the sale"),
    BillCode.SALE_NOT_FOUND: ("return_of", "is not a bill of this customer, till or store"),
    BillCode.INVALID_RETURN_TYPE: ("return_type", "is not one of AMOUNT, FULL, LINE_ITEM"),
    BillCode.AMOUNT_ABOVE_LEFT: ("amount", "is more than what is left of the sale"),
    BillCode.AMOUNT_RETURN_EXISTS: ("return_of", "has an AMOUNT return, after which it cannot be returned so"),
    BillCode.FULLY_RETURNED: ("return_of", "is fully returned"),
    BillCode.LINE_RETURN_EXISTS: ("return_of", "has a LINE_ITEM return, after which it cannot be returned so"),
    BillCode.PARTLY_RETURNED: ("return_of", "is partly returned, so that it cannot be returned in full"),
    BillCode.TOO_FAR_AHEAD: ("billing_time", "is too far in the future"),
    BillCode.TOO_FAR_BACK: ("billing_time", "is too far in the past"),
    BillCode.OTHER_CUSTOMERS_BILL: ("return_of", "is a bill of another customer"),
    BillCode.BILLING_BLOCKED: ("number", "is refused: the status of the customer forbids bills"),
    BillCode.LINES_MISSING: ("return_type", "needs lines, which this file does not have"),
    BillCode.SEVERAL_SALES: ("return_of", "is the number of several bills"),
}  # fmt: skip


def explained_bill(error: LoyaltyError, row: Values) -> LoyaltyError:
    """The error of a row with the code that files have for it, and a sentence on its cause.

    Files use the codes of the customer API; all errors of bills are 400 there (docs/protocol.md 7).
    """
    column, problem = _REASONS.get(error.code, ("number", f"is refused: {error.code.sentence}"))
    code = error.code if isinstance(error.code, Code) else Code.INVALID_INPUT
    return LoyaltyError(code, detail=error.detail or _sentence(column, row, problem))


def _sentence(column: str, row: Values, problem: str) -> str:
    value = text_cell(row, column)
    return reason(column, value, problem) if value else f"{column}: it is blank, which {problem}"
