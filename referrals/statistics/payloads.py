"""Referral statistics as printed: pure functions (docs/protocol.md 4.11)."""

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from engagement.coupons.rules import SeriesTerms
from loyalty_project.protocol.moments import write_moment
from loyalty_project.protocol.numbers import plain_digits
from organizations.locations.payloads import printed_name
from referrals.statistics.rows import CouponReward, Invitee, Referee


def printed_invitees(invitees: Iterable[Invitee], zone: ZoneInfo) -> dict[str, Any]:
    """`invitees`: by channel, in the order in which the channels first occur."""
    by_channel: dict[str, list[dict[str, Any]]] = {}
    for invitee in invitees:
        row: dict[str, Any] = {
            "identifier": invitee.identifier,
            "name": invitee.name,
            "invited_on": f"{write_moment(invitee.invited_at, zone)}.0",
            "till": printed_name(invitee.till),
        }
        if invitee.has_come:
            row["success"] = "true"
        by_channel.setdefault(invitee.channel, []).append(row)
    return {"referral_type": [{"type": channel, "invitee": rows} for channel, rows in by_channel.items()]}


def printed_referees(referees: Iterable[Referee], zone: ZoneInfo, *, with_ids: bool) -> dict[str, Any]:
    """`referees`: a row for each event."""
    return {
        "referee": [
            {
                "event_type": referee.kind,
                **({"user_id": str(referee.customer_id)} if with_ids else {}),
                "firstname": referee.firstname,
                "lastname": referee.lastname,
                "mobile": referee.mobile,
                "email": referee.email,
                "external_id": referee.external_id,
                "added_on": write_moment(referee.at, zone),
            }
            for referee in referees
        ]
    }


def printed_incentives(coupons: Iterable[CouponReward], terms: Mapping[int, SeriesTerms], zone: ZoneInfo) -> Any:
    """`incentives`: the coupons by event; a bare list if there are none. `terms` by the id of a series' version."""
    by_event: dict[str, list[dict[str, Any]]] = {}
    for coupon in coupons:
        redeemed = coupon.redeemed_at
        row = {
            "code": coupon.code,
            "valid_till": write_moment(coupon.valid_till, zone),
            "value": plain_digits(terms[coupon.version_id].discount_value),
            "redemption_info": {
                "redeemed": "true" if redeemed else "false",
                "redeemed_on": write_moment(redeemed, zone) if redeemed else "",
            },
        }
        by_event.setdefault(coupon.kind, []).append(row)
    if not by_event:
        return []
    return {"event_type": [{"name": kind, "coupons": {"coupon": rows}} for kind, rows in by_event.items()]}
