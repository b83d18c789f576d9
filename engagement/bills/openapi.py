"""Description of transaction/add (docs/protocol.md, tills' part 2, 3)."""

from typing import Final

from engagement.bills.codes import BillCode
from loyalty_project.openapi.common import FIELDS, TILL_ITEM_STATUS
from loyalty_project.openapi.operations import Operation
from loyalty_project.openapi.shapes import Properties, anything, container, number, record, rows, text
from loyalty_project.protocol.codes import Code, Transport

_PAIRS: Final = record(name=text(), value=text())
_ADDED: Final = record(item_code=text(), quantity=text(), description=text(), rate=text(), value=text())
_LINE: Final = record(
    required=("item_code",),
    item_code=text("At most 100 characters."),
    serial=text("Its position by default; need not be unique."),
    qty=text("1 by default; three decimals.", example="2"),
    rate=text(example="45.00"),
    value=text("Before discount; rate x qty by default.", example="90.00"),
    discount=text("`discount_value` is the same.", example="0"),
    amount=text("After discount; value - discount by default.", example="90.00"),
    description=text("At most 250 characters."),
    attributes=container("attribute", _PAIRS, "By these, earning rules choose lines."),
    outlier_status=text("A line that is not NORMAL earns nothing, warning 9608."),
    type=text(
        "`return` on a sale: the line comes back from the bill that transaction_number names. `cancelled` on a full return."
    ),
    transaction_number=text("The bill that the line comes back from."),
    transaction_date=text("The day of that bill; `purchase_time` is the same."),
    addon_items=container("addon_item", _ADDED),
    combo_items=container("combo_item", _ADDED),
    split_items=container("split_item", _ADDED),
    custom_fields=FIELDS,
    extended_fields=FIELDS,
)
_CUSTOMER: Final = record(
    "Whose bill it is, and anything that customer/add takes.",
    mobile=text(),
    email=text(),
    external_id=text(),
    id=text("`user_id` is the same."),
    card_number=text(),
    card_external_id=text(),
    firstname=text(),
    lastname=text(),
)
_PAYMENT: Final = record(mode=text(), value=text(), notes=text(), attributes=container("attribute", _PAIRS))
_BILL: Final = record(
    required=("number",),
    type=text(
        "Any case; REGULAR by default.",
        choices=("REGULAR", "NOT_INTERESTED", "RETURN", "NOT_INTERESTED_RETURN", "MIXED", "NI_MIXED"),
    ),
    number=text("Of the bill; of a return, the number of the sale that comes back.", example="K7-2201"),
    amount=text("After discount. A FULL or LINE_ITEM return needs none.", example="480.00"),
    gross_amount=text("Before discount; amount + discount by default."),
    discount=text("0 by default."),
    billing_time=text("YYYY-MM-DD HH:MM:SS in the organization's zone; now by default."),
    bill_client_id=text("Echoed; at most 50 characters."),
    notes=text("At most 250 characters."),
    currency_code=text("The organization's; any other is refused."),
    source=text("instore by default."),
    outlier_status=text("NORMAL by default. Other bills earn nothing and are no purchases."),
    delivery_status=text("DELIVERED by default."),
    shipping_source_till_code=text(),
    not_interested_reason=text(),
    referral_code=text("The code of the customer who referred this one."),
    till_id=text("Code or id of the till, of calls by API clients."),
    customer=_CUSTOMER,
    line_items=container("line_item", _LINE, "At most 1,000."),
    payment_details=container("payment", _PAYMENT),
    credit_notes=container("credit_note", record(number=text(), amount=text(), notes=text())),
    redemptions=record(
        "Earlier redemptions that belong to the bill.",
        points_redemptions=record(id=rows(text())),
        coupon_redemptions=record(id=rows(text())),
    ),
    custom_fields=FIELDS,
    extended_fields=FIELDS,
    associate_details=record(code=text(), name=text()),
    return_type=text("Of a return.", choices=("FULL", "AMOUNT", "LINE_ITEM")),
    parent_bill_number=text("Of a return: its own number, or that of the sale."),
    purchase_time=text("Of a return: the day of the sale."),
    id=text("Of a return: the id of the sale."),
)
_FIGURES: Final[Properties] = {
    "lifetime_points": text(),
    "loyalty_points": text(),
    "current_slab": text(),
    "tier_expiry_date": text(),
    "points_summaries": container("points_summary", anything("As in customer/add.")),
    "lifetime_purchases": text(),
}
ADD: Final = Operation(
    section="Tills 2",
    summary="Record bills and returns",
    details="The same bill again gets its first answer, with warning 604. The body may be JSON in single quotes.",
    body=record(required=("transaction",), transaction=rows(_BILL, "Up to the batch limit of the organization.")),
    answer={
        "transactions": record(
            transaction=rows(
                record(
                    "A failed item has what was sent.",
                    required=tuple(TILL_ITEM_STATUS),
                    id={"type": ["integer", "null"]},
                    shipping_source_till_code=text(),
                    number=text(),
                    bill_client_id=text(),
                    type=text(),
                    delivery_status=text(),
                    parent_bill_number=text(),
                    outlier_status=text(),
                    customer=record(
                        "Not of anonymous bills.",
                        user_id=text(nullable=True),
                        mobile=text(),
                        firstname=text(),
                        lastname=text(),
                        email=text(),
                        external_id=text(),
                        **_FIGURES,
                        type=text(),
                        source=text(),
                    ),
                    side_effects=record(effect=rows(anything("Points, tier or coupon that the bill brought."))),
                    points_deducted=number("Of returns and mixed bills: points taken back."),
                    points_balance=number("Of returns and mixed bills: points to spend afterwards."),
                    source=text(),
                    **TILL_ITEM_STATUS,
                )
            )
        )
    },
    codes=(
        Code.INVALID_INPUT,
        Transport.BUSY,
        *(code for code in BillCode if code is not BillCode.TOO_MANY),
        Code.REFERRAL_NOT_LINKED,
        Code.VALIDATION_FAILED,
        Code.SURVIVOR_RETRIEVED,
        Code.INVALID_REGISTRATION_TILL,
    ),
)
