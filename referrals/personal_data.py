"""Referrals of a person: what an erasure empties and an export shows; the links stay, as ids (docs/back-office.md)."""

from typing import Final

from organizations.personal_data import ERASED, PersonalRows

REFERRAL_ROWS: Final = (
    PersonalRows(
        name="Invitations",
        table="referrals_invitation",
        # Those that the person made, and those that others sent to the person.
        owned_by="(row.customer_id = ANY(%(customers)s::bigint[]) OR row.identifier = ANY(%(values)s::text[]))",
        emptied=None,
    ),
    PersonalRows(name="Referral codes", table="referrals_referralcode", emptied={}),
    PersonalRows(
        name="Referrals",
        table="referrals_referrallink",
        owned_by="(row.referrer_id = ANY(%(customers)s::bigint[]) OR row.referee_id = ANY(%(customers)s::bigint[]))",
        emptied={},
    ),
    PersonalRows(
        name="Rewards of referrals",
        table="referrals_reward",
        owned_by="row.receiver_id = ANY(%(customers)s::bigint[])",
        emptied={"decision_reason": f"CASE WHEN row.decision_reason = '' THEN '' ELSE {ERASED} END"},
        audited_as="reward",
    ),
)
