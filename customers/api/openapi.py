"""Descriptions of add, update, update_identity, get and search (docs/protocol.md 4.1 to 4.5)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from loyalty_project.openapi.common import (
    FIELDS,
    IDENTIFIERS,
    IDENTITY,
    ITEM_STATUS,
    LOOKUP_CODES,
    MEMBER_CARE,
    NAMES,
    PLACE,
    flag,
    plain,
    whole,
)
from loyalty_project.openapi.operations import Operation, Parameter
from loyalty_project.openapi.shapes import (
    Properties,
    anything,
    bare_rows,
    container,
    either,
    number,
    record,
    rows,
    text,
)

_REPLAY: Final = Parameter(
    name="X-CAP-DIRECT-REPLAY",
    meaning="true: the customer is saved at once, and a worker handles the loyalty events later.",
    place="header",
)
_LANGUAGE: Final = Parameter(
    name="language", meaning="ISO code: names of extended fields are their labels in this language.", place="header"
)
_SUMMARIES: Final = container("points_summary", record(programId=text(), lifetimePoints=text(), loyaltyPoints=text()))
_POINTS: Final[Properties] = {
    "lifetime_points": number("Earned ever."),
    "loyalty_points": number("Redeemable now."),
    "lifetime_purchases": number("All stores; whole, unless V1_EXACT_LIFETIME_PURCHASES is on."),
}

# --- add, update

_SENT: Final = record(
    "A customer. Blank text and null are not supplied; unknown keys are ignored.",
    mobile=text("At least one identifier (1007).", example="447400123456"),
    email=text(),
    external_id=text("Up to 250 characters."),
    firstname=text("Up to 100 characters."),
    lastname=text("Up to 100 characters."),
    card_details=record("A card by its number, or a series that generates one.", card_number=text(), series_code=text()),
    card_number=text(),
    series_code=text(),
    type=text("LOYALTY (default), NON_LOYALTY or NOT_INTERESTED."),
    registered_on=text("YYYY-MM-DD HH:MM:SS; now by default."),
    updated_on=text("YYYY-MM-DD HH:MM:SS; now by default."),
    registered_till=text("The till that gets the credit; the calling till by default."),
    associated_with=text("Till or associate to attribute to."),
    source=text("INSTORE by default."),
    accountId=text("If a source has several accounts."),
    referral_code=text("Links to the referrer."),
    test_control_status=text("TEST, CONTROL or INVALID, else 1062."),
    ndnc_status=text("NDNC, DND, INVALID, UNKNOWN or NONE."),
    gender=text("M or F: goes to the configured field."),
    fraud_status=record(status=text()),
    commChannels=rows(
        record(type=text(), value=text(), primary=text(), verified=text(), meta=record(residence=text())), "Further channels."
    ),
    custom_fields=FIELDS,
    extended_fields=FIELDS,
    subscriptions=record(
        subscription=rows(record(priority=text(), scope=text(), is_subscribed=text(), channel=text()), "Consents.")
    ),
    side_effects=anything("Ignored."),
)
_CORE: Final = record(
    "The customer core; of a failed item the identifiers as sent.",
    required=tuple(ITEM_STATUS),
    user_id=either("integer", "string", meaning="A number; of a failed item as it was sent."),
    **NAMES,
    **IDENTITY,
    **_POINTS,
    current_slab=text("The tier.", nullable=True),
    tier_expiry_date=text(nullable=True),
    points_summaries=_SUMMARIES,
    registered_on=text(),
    updated_on=text(),
    type=text(),
    source=text(),
    fraud_status=text(),
    reason=text(),
    custom_fields=FIELDS,
    extended_fields=FIELDS,
    subscriptions=container("subscription", record(channel=text(), priority=text(), scope=text(), status=text())),
    side_effects=container("effect", record(type=text())),
    rawSideEffects=rows(record(entityType=text()), "With `rawSideEffects`."),
    **ITEM_STATUS,
)
_RAW: Final = flag("rawSideEffects", "The item gains `rawSideEffects[]`.")
# Codes of both actions: 1086 to 1099 are causes for which the points step failed.
_WRITE_CODES: Final = (
    400, 618, 1000, 1001, 1002, 1003, 1004, 1006, 1010, 1016, 1017, 1018, 1023, 1024, 1032, 1033, 1034, 1046, 1047, 1048, 1049,
    1062, *range(1086, 1100), 8014, 91001, 91002, 91003, 91005, 91006, 91007, 91009, 91015, 91016, 91017, 91020, 91021, 91022,
)  # fmt: skip
ADD: Final = Operation(
    section="4.1",
    summary="Register customers, or update known ones",
    details="`register` is another name of the action.",
    parameters=(
        _RAW,
        flag("mlp_single_enroll", "Enrols in all programs.", default="off, the till's and the default one"),
        _REPLAY,
    ),
    body=record(required=("customer",), customer=rows(_SENT, "Up to BATCH_LIMIT customers.")),
    answer={"customers": container("customer", _CORE)},
    codes=(*_WRITE_CODES, 1007, 1008, 1009, 1014, 1019, 1038, 1039, 1043, 1045, 10001, 10002),
    totals=True,
)
_KNOWN: Final = {
    **_SENT,
    "properties": {**_SENT["properties"], "id": text("The customer's id."), "user_id": text("Another name of `id`.")},
}
UPDATE: Final = Operation(
    section="4.2",
    summary="Update known customers",
    details="PUT is the same as POST. The customer is named by `mobile`, `email`, `external_id` or `id`.",
    parameters=(_RAW, _REPLAY),
    body=record(required=("customer",), customer=rows(_KNOWN, "Up to BATCH_LIMIT customers.")),
    answer={"customers": container("customer", _CORE)},
    codes=(*_WRITE_CODES, 1011, 1012, 1015, 10002),
    totals=True,
)

# --- update_identity

UPDATE_IDENTITY: Final = Operation(
    section="4.3",
    summary="Request the change of an identifier",
    body=record(
        required=("customer",),
        customer=rows(
            record(
                identifier=text("mobile, email or external_id."),
                old_value=text(),
                new_value=text(),
                old_identifier=text("Another name of `old_value`."),
                new_identifier=text("Another name of `new_value`."),
                validation_code=text("The one-time code, if the organization asks for one."),
                verification=record(field=rows(record(name=text(), value=text()))),
            ),
            "One item.",
        ),
    ),
    answer={
        "customers": record(
            required=("customer",),
            customer=record(
                required=tuple(ITEM_STATUS),
                identifier=text(),
                old_value=text(),
                new_value=text(),
                updated=text("true: the request was accepted.", choices=("true", "false")),
                **ITEM_STATUS,
            ),
        )
    },
    codes=(400, 618, 1012, 1013, 1016, 1021, 1025, 1026, 1027, 1032, 1033, 1040, 1041, 1042, 9028),
)

# --- get

_FLAGS: Final[Mapping[str, str]] = {
    "user_id": "Adds `user_id`. A number other than 0 and 1 is read as an `id`.",
    "next_slab": "Adds `next_slab`, `next_slab_serial_number` and `next_slab_description`.",
    "slab_history": "Adds `slab_history.history[]`, newest first.",
    "ndnc_status": "Adds `ndnc_status`.",
    "ndsc_status": "Another name of `ndnc_status`.",
    "optin_status": "Adds all consents in one word.",
    "expiry_schedule": "Adds the expiries to come.",
    "expired_points": "Adds `expired_points.item[]`.",
    "points_summary": "Adds the points of all programs together.",
    "promotion_points": "Adds up to 1000 rows of promotional points.",
    "membership_retention_criteria": "Adds what keeps the tier.",
    "tier_upgrade_criteria": "Adds `tier_update_criteria`: what the next tier asks for.",
    "mlp": "Fills `points_summaries.points_summary[]`, a row for each program.",
    "program_summary": "Adds `programs_list.program[]`.",
    "user_group": "Fills `user_groups2[]` and adds the points of the groups.",
    "customer_image": "Adds the URL of a picture.",
    "subscriptions": "Adds `subscriptions.subscription[]`.",
    "segments": "Adds `segments.segment[]`.",
    "card_details": "Adds `card_details[]`.",
    "tracker_info": "Adds `trackers.tracker[]`.",
    "delayed_accrual": "Adds points that are promised.",
    "basic": "Identifiers and profile alone; the fastest.",
}
_FLAGS_ON: Final[Mapping[str, str]] = {
    "registered_store": "Has the block `registered_store`.",
    "registered_till": "Has the block `registered_till`.",
    "fraud_details": "Has the block `fraud_details`.",
    "transactions": "Has the latest bills; off empties the block.",
}
_OTHERS: Final[Mapping[str, str]] = {
    "gap_to_upgrade_for": "Days ahead, a whole number from 0, with `mlp=true`.",
    "gap_to_renew_for": "Days ahead, a whole number from 0, with `mlp=true`.",
    "program_id": "Blocks of programs show this one alone; 1020 for a customer who is not in it.",
    "source": "WECHAT or WEB_ENGAGE: warning 91016 or 91017 for a customer without an account there.",
    "coupon_limit": "Coupons of a page; 10 by default.",
    "coupon_offset": "Coupons to skip.",
    "coupon_order_by": "created_date (default), created_by or valid_till.",
    "coupon_sort_order": "asc or desc (default).",
    "coupon_active": "Only coupons that have not expired.",
    "coupon_status": "unredeemed, redeemed, expired or active.",
    "coupon_offer": "The id of a series: its coupons get `offer`.",
    "coupon_org_entity_type": "TILL, STORE, ZONE or CONCEPT: coupons that can be redeemed there.",
    "coupon_org_entity_value": "The code of that location.",
    "number": "Filter of `transactions`.",
    "store_code": "Filter of `transactions`.",
    "till_code": "Filter of `transactions`.",
    "amount": "Filter of `transactions`.",
    "date": "Filter of `transactions`.",
    "type": "Filter of `transactions`.",
    "tenders": "Ignored.",
    "credit_notes": "Ignored.",
}
_PROFILE: Final = record(
    "The customer; flags add further blocks. A failed item has the value asked for, and empty names.",
    required=tuple(ITEM_STATUS),
    **NAMES,
    **IDENTITY,
    **_POINTS,
    current_slab=text(nullable=True),
    registered_on=text(),
    updated_on=text(),
    type=text(),
    source=text(),
    identifiers=bare_rows(record(type=text(), value=text()), "identifier"),
    gender=text(nullable=True),
    registered_by=text(),
    registered_store=PLACE,
    registered_till=PLACE,
    user_groups2=bare_rows(record(id=text(), external_id=text(), name=text(), role=text()), "user_group2"),
    fraud_details=anything("`{status, marked_by, modified_on, reason}`, or empty text."),
    trackers=anything('`{tracker: [...]}`, or "" if there are none.'),
    current_nps_status=text(nullable=True),
    custom_fields=FIELDS,
    extended_fields=FIELDS,
    transactions=container("transaction", record(id=text(), number=text(), type=text(), created_date=text(), store=text())),
    coupons=container("coupon", record(id=text(), series_id=text(), code=text(), valid_till=text())),
    notes=bare_rows(record(), "note"),
    points_summaries=_SUMMARIES,
    **ITEM_STATUS,
)
GET: Final = Operation(
    section="4.5",
    summary="Read customers, by one kind of identifier",
    parameters=(
        *IDENTIFIERS,
        plain("card_number", "Number of a card."),
        plain("card_external_id", "External id of a card."),
        *(flag(name, meaning) for name, meaning in _FLAGS.items()),
        *(flag(name, meaning, default="on") for name, meaning in _FLAGS_ON.items()),
        *(plain(name, meaning) for name, meaning in _OTHERS.items()),
        MEMBER_CARE,
        _LANGUAGE,
    ),
    answer={"customers": container("customer", _PROFILE)},
    codes=(
        *LOOKUP_CODES, 1000, 1004, 1020, 1099, 8109, 91001, 91002, 91004, 91010, 91011, 91012, 91013, 91014, 91016, 91017,
        91018, 91019,
    ),
    totals=True,
)  # fmt: skip

# --- search

SEARCH: Final = Operation(
    section="4.4",
    summary="Search customers by their attributes",
    details="`q` has conditions `(attribute:OPERATOR:value;value)`, joined by `&`.",
    parameters=(
        Parameter(name="q", meaning="The conditions.", schema=text(example="(firstname:STARTS:an)&(slab:EQUALS:Gold)")),
        whole("start", "Customers to skip; 0 by default."),
        whole("rows", "Customers of a page: 10 by default, 100 at most."),
        replace(MEMBER_CARE, meaning="Finds only customers who registered at the caller's store."),
    ),
    answer={
        "customer": record(
            required=("count", "start", "rows", "results"),
            count=text("The number of all that match."),
            start=text(),
            rows=text(),
            results=container(
                "item",
                record(
                    user_id=text(),
                    org_id=text(),
                    **NAMES,
                    mobile=text(),
                    email=text(),
                    external_id=text(),
                    loyalty_points=text(),
                    lifetime_points=text(),
                    lifetime_purchases=text(),
                    current_slab=text(),
                    registered_on=text(),
                    registered_by=text(),
                    last_trans_value=text(),
                    attributes=container("attribute", record(name=text(), value=either("string", "null"))),
                ),
            ),
        )
    },
    refusals=("461",),
)
