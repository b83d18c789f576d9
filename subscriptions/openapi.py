"""Descriptions of customer/subscriptions (docs/protocol.md 4.14)."""

from typing import Final

from loyalty_project.openapi.common import IDENTIFIERS, IDENTITY, ITEM_STATUS, MEMBER_CARE, choice, plain, whole
from loyalty_project.openapi.operations import Operation
from loyalty_project.openapi.shapes import Properties, bare_rows, container, record, rows, text

_CODES: Final = (1000, 1101, 1102, 1103, 1104, 1105, 1109)
_CHANNELS: Final = (
    "SMS", "EMAIL", "POSTMAIL", "ANDROID", "IOS", "WECHAT", "SOCIAL", "REMINDER_TEXT", "RE_ISSUAL_TEXT", "CLIENT", "LINE",
    "WHATSAPP", "PUSH",
)  # fmt: skip
_WHO: Final[Properties] = {name: text("The first identifier that is supplied counts.") for name in (*IDENTITY, "id")}
READ: Final = Operation(
    section="4.14",
    summary="Read customers' consents",
    parameters=(
        *IDENTIFIERS,
        choice("channel", "Of this channel.", *_CHANNELS),
        choice("priority", "Of this priority.", "TRANS", "BULK"),
        plain("scope", "ALL, else 1103; a list is 1105."),
        whole("limit", "The most channels of each customer; 0 is all."),
        MEMBER_CARE,
    ),
    answer={
        "subscriptions": container(
            "subscription",
            record(
                required=tuple(ITEM_STATUS),
                user_id=text(),
                **IDENTITY,
                channel=rows(
                    record(
                        name=text(),
                        priority=rows(record(name=text(), subscribed=text(), unsubscribed=text(), user_preference=text())),
                    )
                ),
                orgUnitSubscriptions=bare_rows(
                    record(org_unit_id=text(), channel=text(), priority=text(), status=text()), "orgUnitSubscription"
                ),
                **ITEM_STATUS,
            ),
        )
    },
    codes=(*_CODES, 400, 1044),
)
WRITE: Final = Operation(
    section="4.14",
    summary="Record consents",
    body=record(
        required=("subscription",),
        subscription=rows(
            record(
                **_WHO,
                channel=text("SMS or EMAIL, else 1101."),
                priority=text("TRANS or BULK, else 1102."),
                scope=text("ALL, which is the default."),
                is_subscribed=text("0 or 1, else 1106."),
                campaign_id=text("The campaign that led to the choice."),
                outbox_id=text("The message that led to the choice."),
            ),
            "Up to BATCH_LIMIT choices.",
        ),
    ),
    answer={
        "subscriptions": container(
            "subscription",
            record(
                required=tuple(ITEM_STATUS),
                user_id=text(),
                **IDENTITY,
                channel=text(),
                priority=text(),
                scope=text(),
                is_subscribed=text(),
                **ITEM_STATUS,
            ),
        )
    },
    codes=(*_CODES, 400, 1106, 1107, 1108, 1110, 91009, 91021),
)
