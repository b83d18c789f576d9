"""Descriptions of customer/referrals (docs/protocol.md 4.11)."""

from typing import Final

from loyalty_project.openapi.common import (
    IDENTIFIER_PAIR,
    IDENTIFIERS,
    IDENTITY,
    ITEM_STATUS,
    LOOKUP_CODES,
    MEMBER_CARE,
    NAMES,
    PERIOD,
    PLACE,
    choice,
    flag,
    plain,
    whole,
)
from loyalty_project.openapi.operations import Operation
from loyalty_project.openapi.shapes import Properties, Schema, container, one_or_many, record, rows, text
from referrals.campaigns.rules import EVENTS

_CODES: Final = (*LOOKUP_CODES, 1000, 1013, 1202, 1203, 1204, 1222)

# --- GET

_INVITEES: Final = container(
    "referral_type",
    record(
        type=text("MOBILE or EMAIL."),
        invitee=rows(
            record(
                identifier=text(),
                name=text(),
                invited_on=text("YYYY-MM-DD HH:MM:SS.0"),
                till=PLACE,
                success=text('"true": the invitee registered with the code; else absent.'),
            )
        ),
    ),
)
_REFEREES: Final = container(
    "referee",
    record(
        event_type=text(choices=EVENTS),
        user_id=text("With `user_id`."),
        **NAMES,
        **IDENTITY,
        added_on=text(),
    ),
)
_COUPON: Final = record(
    code=text(),
    valid_till=text(),
    value=text(),
    redemption_info=record(redeemed=text(choices=("true", "false")), redeemed_on=text("Blank unless redeemed.")),
)
_INCENTIVES: Final[Schema] = {
    "description": "The coupons that the referrer got; an empty list without any.",
    "oneOf": [
        container("event_type", record(name=text(choices=EVENTS), coupons=container("coupon", _COUPON))),
        {"type": "array", "maxItems": 0},
    ],
}
READ: Final = Operation(
    section="4.11",
    summary="Read the referral codes of customers, and what became of their invitations",
    parameters=(
        *IDENTIFIERS,
        *IDENTIFIER_PAIR,
        plain("campaign_token", "The campaign; the default one if it is absent."),
        *PERIOD,
        plain("store_code", "Where it was recorded: a store's code, or `all`; the current store by default."),
        flag("only_referral_code", "The core and `referral_code` alone."),
        choice("sort_order", "Order by time.", "asc", "desc"),
        whole("limit", "Rows of each list: 1000 by default and at most."),
        plain("order_by", "Accepted."),
        flag("user_id", "Adds `user_id` to referees."),
        MEMBER_CARE,
    ),
    answer={
        "customer": one_or_many(
            record(
                "A failed item has the value asked for.",
                required=tuple(ITEM_STATUS),
                id=text("Of a failed item that was asked for by it."),
                **IDENTITY,
                **NAMES,
                referral_code=text(),
                invitees=_INVITEES,
                referees=_REFEREES,
                incentives=_INCENTIVES,
                **ITEM_STATUS,
            )
        )
    },
    codes=(*_CODES, 1205),
)

# --- POST

_ROW: Final[Properties] = {"id": text("Echoed."), "name": text(), "identifier": text("A mobile or an e-mail address.")}
_ROW_STATUS: Final = record(
    "The outcome of the row.", success=text(choices=("true", "false")), code=text(example="1000"), message=text()
)
WRITE: Final = Operation(
    section="4.11",
    summary="Invite people",
    parameters=(flag("user_id", "Adds `id`."),),
    body=record(
        required=("customer",),
        customer=rows(
            record(
                id=text(),
                user_id=text("Another name of `id`."),
                mobile=text(),
                email=text(),
                external_id=text(),
                card_number=text(),
                card_external_id=text(),
                referrals=record(
                    "At most 100 rows.",
                    campaign_token=text("The default campaign if it is absent."),
                    referral_type=rows(
                        record(
                            type=text("MOBILE, of which SMS is another name, or EMAIL."),
                            referral=rows(record(**_ROW, invited_on=text("Echoed as sent; now by default."))),
                        )
                    ),
                ),
            ),
            "Up to BATCH_LIMIT customers.",
        ),
    ),
    answer={
        "customers": container(
            "customer",
            record(
                "A failed item has the identifiers as sent.",
                required=tuple(ITEM_STATUS),
                **IDENTITY,
                id=text("With `user_id`, and of a failed item that was sent with it."),
                user_id=text("Of a failed item that was sent with it."),
                **NAMES,
                referrals=container(
                    "referral_type",
                    record(
                        type=text(),
                        referral=rows(record(**_ROW, invited_on=text(), status=_ROW_STATUS)),
                    ),
                ),
                **ITEM_STATUS,
            ),
        )
    },
    codes=(*_CODES, 618, 1001, 1002, 1206, 91021),
)
