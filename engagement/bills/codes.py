"""Codes and sentences of bills and returns (docs/protocol.md, tills' part 6.1).

They have this meaning only in calls that write bills; customer calls and imports have codes of their own.
"""

from enum import unique

from loyalty_project.protocol.codes import CodeTable


@unique
class BillCode(CodeTable):
    """The codes of bills, in ascending order."""

    DONE = 600, "Transaction added successfully"
    INVALID_AMOUNT = 601, "Invalid bill amount"
    INVALID_NUMBER = 602, "Invalid transaction number"
    DUPLICATE_NUMBER = 604, "Duplicate transaction number"
    INVALID_TYPE = 605, "Invalid transaction type"
    CUSTOMER_MISSING = 606, "Customer identifier missing"
    NOT_RETURNABLE = 608, "Unable to add transaction"
    CUSTOMER_NOT_FOUND = 611, "Customer not found"
    UNKNOWN_SALE_ID = 620, "Invalid transaction id"
    INVALID_TIME = 621, "Invalid transaction date"
    LINE_WITHOUT_ITEM = 622, "Unable to add line item"
    RETURN_BEFORE_SALE = 624, "Return is earlier than the sale"
    SALE_NOT_FOUND = 625, "Bill to be returned does not exist"
    QUANTITY_ABOVE_BOUGHT = 626, "Returned quantity exceeds purchased quantity"
    NEGATIVE_QUANTITY = 627, "Negative quantity"
    INVALID_RETURN_TYPE = 628, "Invalid return type"
    QUANTITY_ABOVE_LEFT = 629, "Returned quantity exceeds what is left"
    AMOUNT_ABOVE_LEFT = 630, "Returned amount exceeds what is left"
    NEGATIVE_AMOUNT = 631, "Negative transaction amount"
    AMOUNT_RETURN_EXISTS = 632, "An AMOUNT return exists"
    FULLY_RETURNED = 633, "Bill is fully returned"
    LINE_RETURN_EXISTS = 635, "A LINE_ITEM return exists"
    PARTLY_RETURNED = 639, "Bill is partly returned"
    REDEMPTION_NOT_FOUND = 640, "Redemption not found for this bill"
    TOO_FAR_AHEAD = 643, "Date too far in the future"
    TOO_FAR_BACK = 644, "Date too far in the past"
    NEGATIVE_LINE_AMOUNT = 661, "Negative line amount"
    NEGATIVE_LINE_VALUE = 662, "Negative line value"
    NEGATIVE_LINE_RATE = 663, "Negative line rate"
    NEGATIVE_LINE_DISCOUNT = 664, "Negative line discount"
    NEGATIVE_GROSS_AMOUNT = 665, "Negative gross amount"
    NEGATIVE_DISCOUNT = 666, "Negative discount"
    OTHER_CUSTOMERS_BILL = 668, "Bill not found for this customer"
    LINE_AMOUNT_ABOVE_LEFT = 678, "Line amount exceeds what is left"
    BILLING_BLOCKED = 681, "Billing is blocked for this customer"
    CURRENCY_NOT_ACCEPTED = 682, "Currency conversion is disabled"
    TOO_LONG = 685, "Field too long"
    POINTS_LATER = 687, "Points will be worked later"
    NO_SUCH_LINE = 688, "No matching line for return"
    LINES_MISSING = 1635, "Lines to return are missing"
    INVALID_OUTLIER_STATUS = 1636, "Invalid transaction status"
    POINTS_NOT_AWARDED = 9610, "Points are not awarded"
    OUTLIER = 9611, "Transaction is an outlier"
    SEVERAL_SALES = 9614, "Several loyalty bills found"
    ONE_LOYALTY_SALE = 9616, "One loyalty bill found"
