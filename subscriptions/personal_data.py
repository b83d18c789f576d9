"""Consents of a person: what an erasure empties, and an export shows (docs/back-office.md)."""

from typing import Final

from organizations.personal_data import BLANK, NOTHING, PersonalRows

SUBSCRIPTION_ROWS: Final = (
    PersonalRows(name="Consents", table="subscriptions_consent", emptied=None),
    # What was decided when stays, as evidence.
    PersonalRows(
        name="Decisions on consents", table="subscriptions_consentchange", emptied={"context": NOTHING, "reason": BLANK}
    ),
)
