"""The section of GET customer/referrals: it makes the code, gives due rewards, then prints (docs/protocol.md 4.11)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import orjson
import structlog
from django.db import transaction

from customers.profile.models import Customer
from customers.profile.reading import CustomerRow, Reading, Section, Values
from loyalty_project.db.trusted_time import trusted
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from organizations.audit.actors import Actor
from organizations.audit.models import AuditEntry
from organizations.locations.names import load_names
from referrals.referral_codes.services import NoFreeCodeError, ensure_codes
from referrals.rewards.services import give_due_of
from referrals.statistics.rows import CouponReward, Invitee, Referee, Statistics, StatisticsQuery

log: Final = structlog.get_logger(__name__)
STATISTICS: Final = "referral_statistics"
_FAILED: Final = Notice(Code.REFERRAL_SYSTEM_ERROR)
GIVEN_BY: Final = "system:referrals"
_CODE: Final = """(
        SELECT code.code FROM referrals_referralcode AS code
        WHERE code.organization_id = %(organization)s AND code.customer_id = customer.id
            AND code.campaign_id = %(referral_campaign)s
    )"""
_IS_DUE: Final = """EXISTS (
        SELECT FROM referrals_reward AS reward
        WHERE reward.organization_id = %(organization)s AND reward.receiver_id = customer.id AND reward.state = 'PROMISED'
            AND reward.due_at <= %(referral_now)s
    )"""
# The customer and those merged into them: links keep the customers of their time.
_OWN: Final = """LEFT JOIN LATERAL (
    SELECT array_agg(own.id) AS ids FROM customers_customer AS own
    WHERE own.organization_id = %(organization)s AND (own.id = customer.id OR own.merged_into_id = customer.id)
) AS own ON true"""
_WITHIN: Final = """(%(referral_begin)s::timestamptz IS NULL OR {at} >= %(referral_begin)s)
            AND (%(referral_end)s::timestamptz IS NULL OR {at} < %(referral_end)s)
            AND (%(referral_store)s::bigint IS NULL OR {store} = %(referral_store)s)"""
_INVITEES: Final = """LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(
        page.channel, page.identifier, page.name, page.invited_at, page.till_id, page.link_id IS NOT NULL
    ) ORDER BY page.invited_at {direction}, page.id {direction})::text AS rows
    FROM (
        SELECT invitation.* FROM referrals_invitation AS invitation
        WHERE invitation.organization_id = %(organization)s AND invitation.customer_id = customer.id
            AND invitation.campaign_id = %(referral_campaign)s AND {within}
        ORDER BY invitation.invited_at {direction}, invitation.id {direction} LIMIT %(referral_limit)s
    ) AS page
) AS invitees ON true"""
_REFEREES: Final = """LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(
        page.kind, page.at, referee.id, referee.firstname, referee.lastname, known.values
    ) ORDER BY page.at {direction}, page.id {direction})::text AS rows
    FROM (
        SELECT event.id, event.kind, event.at, link.referee_id
        FROM referrals_referrallink AS link
        JOIN referrals_refereeevent AS event ON event.organization_id = %(organization)s AND event.link_id = link.id
        WHERE link.organization_id = %(organization)s AND link.referrer_id = ANY(own.ids)
            AND link.campaign_id = %(referral_campaign)s AND {within}
        ORDER BY event.at {direction}, event.id {direction} LIMIT %(referral_limit)s
    ) AS page
    JOIN customers_customer AS then_known ON then_known.organization_id = %(organization)s AND then_known.id = page.referee_id
    JOIN customers_customer AS referee ON referee.organization_id = %(organization)s
        AND referee.id = coalesce(then_known.merged_into_id, then_known.id)
    LEFT JOIN LATERAL (
        SELECT json_object_agg(identifier.kind, identifier.value) AS values FROM customers_identifier AS identifier
        WHERE identifier.organization_id = %(organization)s AND identifier.customer_id = referee.id
            AND identifier.state = 'CURRENT'
    ) AS known ON true
) AS referees ON true"""
_COUPONS: Final = """LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(
        event.kind, coupon.code, coupon.valid_till, coupon.version_id, used.redeemed_at
    ) ORDER BY reward.id)::text AS rows
    FROM referrals_reward AS reward
    JOIN referrals_refereeevent AS event ON event.organization_id = %(organization)s AND event.id = reward.event_id
    JOIN engagement_coupon AS coupon ON coupon.organization_id = %(organization)s AND coupon.id = reward.coupon_id
    LEFT JOIN LATERAL (
        SELECT max(redemption.redeemed_at) AS redeemed_at FROM engagement_couponredemption AS redemption
        WHERE redemption.organization_id = %(organization)s AND redemption.coupon_id = coupon.id AND NOT EXISTS (
            SELECT FROM engagement_couponreversal AS reversal
            WHERE reversal.organization_id = %(organization)s AND reversal.redemption_id = redemption.id
        )
    ) AS used ON true
    WHERE reward.organization_id = %(organization)s AND reward.receiver_id = customer.id
        AND reward.campaign_id = %(referral_campaign)s AND reward.role = 'REFERRER' AND reward.state = 'GIVEN'
) AS incentives ON true"""
_MAY_HAVE_CODE: Final = "(customer.type = 'LOYALTY' AND customer.test_control_status <> 'CONTROL')"
_RESTRICTED: Final = "(customer.test_control_status = 'CONTROL')"


def statistics(asked: StatisticsQuery) -> Section:
    """The section of a read: a `Statistics` as `STATISTICS`."""
    return _section(only_code=asked.only_code, is_descending=asked.is_descending)


@lru_cache(maxsize=4)
def _section(*, only_code: bool, is_descending: bool) -> Section:
    columns = ["customer.id", _CODE, _MAY_HAVE_CODE, _IS_DUE, _RESTRICTED]
    if only_code:
        return Section(
            columns=tuple(columns), parameters=_parameters_of_code, display=_display, due=_due, settle=_settle,
            failure=Code.REFERRAL_SYSTEM_ERROR,
        )  # fmt: skip
    direction = "DESC" if is_descending else "ASC"
    invitees = _INVITEES.format(
        direction=direction, within=_WITHIN.format(at="invitation.invited_at", store="invitation.store_id")
    )
    referees = _REFEREES.format(direction=direction, within=_WITHIN.format(at="event.at", store="event.store_id"))
    return Section(
        columns=(*columns, "invitees.rows", "referees.rows", "incentives.rows"),
        joins="\n".join((_OWN, invitees, referees, _COUPONS)),
        parameters=_parameters,
        display=_display,
        due=_due,
        settle=_settle,
        failure=Code.REFERRAL_SYSTEM_ERROR,
    )


def _parameters_of_code(reading: Reading) -> Mapping[str, Any]:
    asked: StatisticsQuery = reading.options
    return {"referral_campaign": asked.current.campaign.pk, "referral_now": reading.now}


def _parameters(reading: Reading) -> Mapping[str, Any]:
    asked: StatisticsQuery = reading.options
    return {
        **_parameters_of_code(reading),
        "referral_begin": asked.begin,
        "referral_end": asked.end,
        "referral_store": asked.store_id,
        "referral_limit": asked.limit,
    }


def _due(values: Values, _reading: Reading) -> Collection[int]:
    """The customer, if a code is to be made or a reward to be given."""
    pk, code, may_have_code, is_due, *_ = values
    return (pk,) if is_due or (code is None and may_have_code) else ()


def _settle(customers: Collection[int], reading: Reading) -> None:
    """Make the missing codes, and give what is due. What cannot be locked in time is shown as it is."""
    asked: StatisticsQuery = reading.options
    try:
        with reading.may_fail(Code.REFERRAL_SYSTEM_ERROR), transaction.atomic():
            ensure_codes(customers, campaign_id=asked.current.campaign.pk, policy=reading.policy, now=reading.now)
    except NoFreeCodeError:
        log.exception("no_free_referral_code", campaign=asked.current.campaign.token)
        reading.notices.append(_FAILED)
    settle_rewards(customers, reading)


def settle_rewards(customers: Collection[int], reading: Reading) -> None:
    """Give the rewards of these customers that are due; left to the next read or the night if the database fails."""
    by = Actor(organization=reading.organization, source=AuditEntry.Source.API, name=GIVEN_BY)
    with reading.may_fail(Code.REFERRAL_SYSTEM_ERROR):
        give_due_of(customers, by=by, now=trusted(reading.now))


DUE_REWARDS: Final = Section(
    columns=("customer.id", _IS_DUE),
    parameters=lambda reading: {"referral_now": reading.now},
    display=lambda _values, _customer, _reading: {},
    due=lambda values, _reading: (values[0],) if values[1] else (),
    settle=settle_rewards,
)


def _display(values: Values | None, customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    if values is None:
        return {}
    _pk, code, _may, _is_due, is_control, *lists = values
    if code is None and _FAILED in reading.notices:
        return {}
    if code is None:
        is_loyalty = customer.type == Customer.Type.LOYALTY
        refusal = Code.NOT_ELIGIBLE_FOR_REFERRAL if is_control else Code.REFERRER_NOT_IN_CAMPAIGN
        reading.refused[customer.pk] = refusal if is_loyalty else Code.NOT_LOYALTY
        return {}
    invitees, referees, coupons = (orjson.loads(rows) if rows else [] for rows in lists) if lists else ([], [], [])
    names = reading.part(load_names)
    found = Statistics(
        code=code,
        invitees=[
            Invitee(channel, identifier, name, datetime.fromisoformat(at), names.till(till), has_come)
            for channel, identifier, name, at, till, has_come in invitees
        ],
        referees=[_referee(row) for row in referees],
        coupons=[
            CouponReward(kind, code, datetime.fromisoformat(till), version, used and datetime.fromisoformat(used))
            for kind, code, till, version, used in coupons
        ],
    )
    return {STATISTICS: found}


def _referee(row: Sequence[Any]) -> Referee:
    kind, at, pk, firstname, lastname, known = row
    known = known or {}
    return Referee(
        kind,
        datetime.fromisoformat(at),
        pk,
        firstname,
        lastname,
        known.get("mobile"),
        known.get("email"),
        known.get("external_id"),
    )
