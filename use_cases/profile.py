"""The answer of customer/get: the sections of every app, and the order of the keys (docs/protocol.md 4.5)."""

from collections.abc import Mapping, Sequence
from typing import Any

import customers.cards.sections
import customers.details.sections
import customers.groups.sections
import customers.identifiers.sections
import customers.segments.sections
import customers.statuses.sections
import engagement.bills.sections
import engagement.points.sections
import subscriptions.sections
from customers.profile.reading import Reading
from engagement.points.sections import points_section
from engagement.trackers.sections import add_trackers
from loyalty_project.protocol.codes import CodeTable
from loyalty_project.protocol.sections import Section, assemble

SECTIONS: tuple[Section[Reading], ...] = (
    customers.details.sections.profile,
    customers.identifiers.sections.identifiers,
    customers.groups.sections.user_groups,
    customers.segments.sections.segments,
    customers.cards.sections.cards,
    points_section({"tracker_info": add_trackers}),
    engagement.bills.sections.purchases,
    engagement.bills.sections.transactions,
    engagement.points.sections.group_points,
    subscriptions.sections.subscriptions,
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
    "card_details": ...,
    "current_nps_status": None,
    "custom_fields": {"field": []},
    "extended_fields": {"field": []},
    "transactions": {"transaction": []},
    "coupons": {"coupon": []},
    "notes": [],
    "programs_list": ...,
    "points_summaries": {"points_summary": []},
}


def refusals(ids: Sequence[int], reading: Reading) -> dict[int, CodeTable]:
    """Known customers whose item is refused, with the code."""
    return {**engagement.points.sections.program_refusals(ids, reading), **customers.statuses.sections.deleted(ids, reading)}


def read_profiles(ids: Sequence[int], reading: Reading) -> dict[int, dict[str, Any]]:
    """The item of each customer by id, without `item_status`. `reading.warnings_of` has the warnings afterwards.

    The number of queries does not grow with the ids.
    """
    return assemble(ids, reading, sections=SECTIONS, order=ORDER)
