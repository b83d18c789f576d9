"""Loyalty rows of a person: what an erasure empties, and an export shows. Bills and points stay (docs/back-office.md)."""

from typing import Final

from organizations.personal_data import BLANK, EMPTY_LIST, ERASED, NOTHING, NULL, PersonalRows

_ACCOUNTS: Final = (
    "SELECT account.id FROM engagement_pointsaccount AS account"
    " WHERE account.organization_id = %(organization)s AND account.customer_id = ANY(%(customers)s::bigint[])"
)
_OF_ACCOUNT: Final = f"row.account_id IN ({_ACCOUNTS})"
_COUPONS: Final = (
    "SELECT coupon.id FROM engagement_coupon AS coupon"
    " WHERE coupon.organization_id = %(organization)s AND coupon.customer_id = ANY(%(customers)s::bigint[])"
)

ENGAGEMENT_ROWS: Final = (
    PersonalRows(
        name="Bills",
        table="engagement_bill",
        emptied={"notes": BLANK, "field_values": NOTHING, "details": NOTHING},
    ),
    PersonalRows(
        name="Lines of bills",
        table="engagement_billline",
        owned_by="""row.bill_id IN (
            SELECT bill.id FROM engagement_bill AS bill
            WHERE bill.organization_id = %(organization)s AND bill.customer_id = ANY(%(customers)s::bigint[])
        )""",
        # Attributes may be personal: a name that was engraved.
        emptied={"details": NOTHING},
    ),
    PersonalRows(name="Memberships", table="engagement_membership", emptied={}, audited_as="membership"),
    PersonalRows(name="Points accounts", table="engagement_pointsaccount", emptied={}, audited_as="pointsaccount"),
    PersonalRows(name="Points", table="engagement_pointsentry", owned_by=_OF_ACCOUNT, emptied={"note": BLANK}),
    PersonalRows(
        name="Redemptions of points",
        table="engagement_redemption",
        owned_by=_OF_ACCOUNT,
        emptied={"purpose": BLANK, "custom_fields": EMPTY_LIST},
        audited_as="redemption",
    ),
    PersonalRows(
        name="Adjustments of points",
        table="engagement_pointsadjustment",
        emptied={"reason": ERASED, "decision_reason": ERASED},
        audited_as="pointsadjustment",
    ),
    PersonalRows(
        name="Changes of tiers",
        table="engagement_tierchange",
        owned_by="""row.membership_id IN (
            SELECT membership.id FROM engagement_membership AS membership
            WHERE membership.organization_id = %(organization)s AND membership.customer_id = ANY(%(customers)s::bigint[])
        )""",
        emptied={"note": BLANK},
    ),
    PersonalRows(name="Coupons", table="engagement_coupon", emptied={}, audited_as="coupon"),
    PersonalRows(
        name="Redemptions of coupons",
        table="engagement_couponredemption",
        owned_by=f"row.coupon_id IN ({_COUPONS})",
        emptied={"custom_fields": EMPTY_LIST},
    ),
    PersonalRows(
        name="Coupons taken back",
        table="engagement_couponreversal",
        owned_by=f"""row.redemption_id IN (
            SELECT redemption.id FROM engagement_couponredemption AS redemption
            WHERE redemption.organization_id = %(organization)s AND redemption.coupon_id IN ({_COUPONS})
        )""",  # noqa: S608 - made of constants
        emptied={"reason": BLANK},
    ),
    PersonalRows(name="Notes", table="engagement_note", emptied=None, audited_as="note"),
    PersonalRows(
        name="Interactions",
        table="engagement_interaction",
        emptied={
            "sender": BLANK,
            "receiver": BLANK,
            "subject": BLANK,
            "response_url": BLANK,
            "latitude": NULL,
            "longitude": NULL,
        },
        audited_as="interaction",
    ),
    PersonalRows(name="Notifications", table="engagement_notification", emptied=None, audited_as="notification"),
    PersonalRows(name="Recommendations", table="engagement_recommendation", emptied=None, audited_as="recommendation"),
    PersonalRows(
        name="Deferred events",
        table="engagement_deferredevent",
        emptied={"context": NOTHING},
        audited_as="deferredevent",
        is_exported=False,
    ),
)
