"""The answer of customer/get: the sections of every app, and the order of the keys (docs/protocol.md 4.5)."""

from collections.abc import Mapping, Sequence
from typing import Any

import customers.cards.sections
import customers.details.sections
import customers.groups.sections
import customers.identifiers.sections
import customers.segments.sections
import engagement.bills.sections
import engagement.coupons.sections
import engagement.interactions.sections
import engagement.notes.sections
import engagement.points.expired
import engagement.points.group_points
import engagement.points.promotions
import engagement.points.sections
import engagement.tiers.sections
import engagement.trackers.sections
import subscriptions.sections
from customers.lookup.statement import Found
from customers.profile.reading import Reading, Section, SectionChoice, chosen, in_order, merged
from loyalty_project.protocol.codes import Code, CodeTable, Transport
from loyalty_project.protocol.errors import Notice
from use_cases.rewards import due_rewards

# The sections in the order in which they print; each is asked whether it belongs to a read.
SECTIONS: Sequence[SectionChoice] = (
    customers.details.sections.profile,
    customers.identifiers.sections.identifiers,
    customers.groups.sections.user_groups,
    customers.segments.sections.segments,
    customers.cards.sections.cards,
    engagement.points.sections.points,
    engagement.tiers.sections.history,
    engagement.points.expired.expired_points,
    engagement.points.promotions.promotion_points,
    engagement.points.sections.enrolment,
    engagement.trackers.sections.trackers,
    engagement.bills.sections.purchases,
    engagement.bills.sections.transactions,
    engagement.coupons.sections.coupons_of_profile,
    engagement.notes.sections.notes_of_profile,
    engagement.interactions.sections.feed_of_profile,
    engagement.points.group_points.group_points,
    subscriptions.sections.subscriptions,
    due_rewards,
)

# Keys in the order of the answer, with defaults. `...`: the key is left out unless a section prints it.
ORDER: Mapping[str, Any] = {
    "firstname": "",
    "lastname": "",
    "mobile": None,
    "email": None,
    "external_id": None,
    "lifetime_points": 0,
    "lifetime_purchases": 0,
    "loyalty_points": 0,
    "current_slab": None,
    "registered_on": ...,
    "updated_on": ...,
    "type": ...,
    "source": ...,
    "identifiers": [],
    "gender": None,
    "registered_by": "",
    "registered_store": ...,
    "registered_till": ...,
    "user_groups2": [],
    "fraud_details": ...,
    "trackers": "",
    "next_slab": ...,
    "next_slab_serial_number": ...,
    "next_slab_description": ...,
    "slab_history": ...,
    "user_id": ...,
    "ndnc_status": ...,
    "optin_status": ...,
    "customer_image": ...,
    "group_points_summaries": ...,
    "subscriptions": ...,
    "segments": ...,
    "expiry_schedule": ...,
    "expired_points": ...,
    "points_summary": ...,
    "promotion_points": ...,
    "delayed_accrual": ...,
    "notifications": ...,
    "card_details": ...,
    "membership_retention_criteria": ...,
    "tier_update_criteria": ...,
    "current_nps_status": None,
    "custom_fields": {"field": []},
    "extended_fields": {"field": []},
    "transactions": {"transaction": []},
    "coupons": {"coupon": []},
    "notes": [],
    "programs_list": ...,
    "points_summaries": {"points_summary": []},
}


def sections_of(reading: Reading) -> tuple[Section, ...]:
    """The sections that a customer/get asks for."""
    return chosen(SECTIONS, reading)


def refusal_of(found: Found, reading: Reading) -> CodeTable | None:
    """The code that refuses the item of a customer who was read, None if it is answered."""
    refused = reading.refused.get(found.customer.pk)
    if refused is not Transport.CUSTOMER_ERASED and engagement.points.sections.is_unreadable(reading):
        return Code.INVALID_INPUT
    return refused


def notices_of(found: Found, reading: Reading) -> list[Notice]:
    """Warnings of the item of a customer who was read."""
    network = engagement.interactions.sections.asked_feed(reading)
    feed = engagement.interactions.sections.feed_notices(merged(found.parts), {network}) if network else []
    return [*reading.warnings_of(found.customer.pk), *feed]


def profile_of(found: Found) -> dict[str, Any]:
    """The item of a customer, without `item_status`."""
    return in_order(ORDER, found.parts)
