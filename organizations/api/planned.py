"""Descriptions of actions that this version does not have: what they will take (docs/protocol.md 4.8, 4.10 to 4.13)."""

from collections.abc import Mapping
from typing import Final

from loyalty_project.openapi.common import FIELDS, IDENTIFIERS, LOOKUP_CODES, MEMBER_CARE, PERIOD, choice, flag, plain
from loyalty_project.openapi.operations import Operation, Parameter
from loyalty_project.openapi.shapes import Properties, Schema, record, rows, text

_WHO: Final[Properties] = {name: text() for name in ("mobile", "email", "external_id", "id")}
_READ: Final = (*IDENTIFIERS, flag("user_id", "Adds `user_id`."), MEMBER_CARE)
_NOTE_CODES: Final = (*LOOKUP_CODES, 1000, 1036, 1037)
_TICKET_CODES: Final = (*LOOKUP_CODES, 1300)
_PREFERENCE_CODES: Final = (*LOOKUP_CODES, 1000, 1013)
_REFERRAL_CODES: Final = (*LOOKUP_CODES, 618, 1000, 1013, 1202, 1203, 1204, 1222)


def _items(item: Schema) -> Schema:
    return record(required=("customer",), customer=rows(item))


def _read(section: str, summary: str, codes: tuple[int, ...], *parameters: Parameter) -> Operation:
    return Operation(section=section, summary=summary, parameters=(*_READ, *parameters), codes=codes)


def _write(section: str, summary: str, codes: tuple[int, ...], **fields: Schema) -> Operation:
    item: Properties = {**_WHO, **fields}
    return Operation(section=section, summary=summary, body=_items(record(**item)), codes=codes)


_TICKET_NAMES: Final = ("status", "priority", "department", "ticket_code", "reported_from", "type")
_TICKET: Final[Properties] = {name: text() for name in _TICKET_NAMES}
_CUSTOMER: Final[Mapping[tuple[str, str], Operation]] = {
    ("customer/notes", "GET"): _read(
        "4.8", "Read a customer's notes", (*LOOKUP_CODES, 1000, 1028), plain("associate_id", "Notes of this associate.")
    ),
    ("customer/notes", "POST"): _write(
        "4.8", "Add or update notes of a customer", _NOTE_CODES,
        associate_id=text(), notes=record(note=rows(record(id=text(), date=text(), description=text()))),
    ),
    ("customer/tickets", "GET"): _read(
        "4.10", "Read customers' tickets", _TICKET_CODES, *(plain(name, "Equal.") for name in _TICKET), *PERIOD
    ),
    ("customer/tickets", "POST"): _write(
        "4.10", "Add or update a ticket", (*_TICKET_CODES, 1301, 1302, 1303),
        ticket=record(subject=text(), message=text(), custom_fields=FIELDS, **_TICKET),
    ),
    ("customer/referrals", "GET"): _read(
        "4.11", "Read what became of invitations", (*_REFERRAL_CODES, 1205),
        plain("campaign_token", "The campaign; the default one if it is absent."),
        *PERIOD,
        plain("store_code", "A code, or `all`; the current store by default."),
        flag("only_referral_code", "The core and `referral_code` alone."),
        *(plain(name, "Accepted.") for name in ("order_by", "sort_order", "limit")),
    ),
    ("customer/referrals", "POST"): _write(
        "4.11", "Invite people", (*_REFERRAL_CODES, 1001, 1002, 1206),
        referrals=record(
            campaign_token=text(),
            referral_type=rows(
                record(
                    type=text(), referral=rows(record(id=text(), name=text(), identifier=text(), invited_on=text()))
                )
            ),
        ),
    ),
    ("customer/preferences", "GET"): _read("4.12", "Read customers' preferences", (*_PREFERENCE_CODES, 1029, 1031)),
    ("customer/preferences", "POST"): _write(
        "4.12", "Store preferences of customers", (*_PREFERENCE_CODES, 1017, 1030, 1035, 1053, 1150),
        local_id=text("Echoed."), store=record(code=text(), id=text()), custom_fields=FIELDS,
    ),
    ("customer/interaction", "GET"): _read(
        "4.13", "Read messages to customers and what they did", (*LOOKUP_CODES, 91018, 91019),
        choice("network", "Of this network.", "facebook", "twitter", "foursquare", "capillary"),
        choice(
            "type", "Of this type.", "email", "emailbulk", "sms", "checkin", "like", "comment", "mention", "retweet", "tweet",
            "feedback", "survey", "missedcall", "whatsapp", "zalo",
        ),
        *PERIOD,
    ),
}  # fmt: skip
_OF_TILLS: Final[Mapping[str, str]] = {
    "transaction/add": "Record bills and returns",
    "points/isredeemable": "Ask if points can be redeemed",
    "points/validationcode": "Send a one-time code",
    "points/redeem": "Redeem points",
    "points/reverse": "Reverse a redemption of points",
    "coupon/isredeemable": "Ask if a coupon can be redeemed",
    "coupon/redeem": "Redeem coupons",
    "coupon/issue": "Issue a coupon",
    "coupon/reactivate": "Take the redemption of a coupon back",
}


def planned_operation(address: str, method: str) -> Operation:
    """The description of an action that is routed and refused. Raises KeyError for one without."""
    described = _CUSTOMER.get((address, method))
    return described or Operation(section="1.1", summary=_OF_TILLS[address])
