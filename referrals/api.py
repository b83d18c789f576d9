"""customer/referrals: invitations, written, and the statistics of a referrer, read (docs/protocol.md 4.11)."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api.echoes import echo_identifiers
from customers.api.reads import Result, read_outcomes, reading_of
from customers.api.subjects import lock_named
from customers.identifiers.sections import identifiers
from customers.lookup.reads import read_customers
from customers.lookup.services import LookupQuery, expand_identifier_pair, names_customer, read_lookup_query
from customers.lookup.statement import Found
from customers.profile.reading import Reading, merged
from engagement.coupons.catalog import load_series
from loyalty_project import clock
from loyalty_project.api.envelope import customer_answer, customers_answer, request_items
from loyalty_project.api.paging import MOST_ROWS, read_limit
from loyalty_project.openapi.operations import described
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, in_numeric_order
from loyalty_project.protocol.moments import read_span
from loyalty_project.protocol.outcomes import Done, Outcome
from loyalty_project.protocol.plain_text import read_code
from loyalty_project.protocol.values import Item, is_on
from organizations.api.batches import answer_batch
from organizations.api.call import Call
from organizations.api.views import TillViewSet
from organizations.locations.names import load_names
from referrals import openapi
from referrals.campaigns.catalog import load_campaigns
from referrals.invitations.inviting import Answered, invite_all
from referrals.invitations.requests import InvitationRow, Reader
from referrals.invitations.services import CONSTRAINTS
from referrals.statistics.payloads import printed_incentives, printed_invitees, printed_referees
from referrals.statistics.rows import Statistics, StatisticsQuery
from referrals.statistics.sections import STATISTICS, statistics

INVITED: Final = "Referrals are invited successfully"
ROW_INVITED: Final = "Refer was successful"
RETRIEVED: Final = "Referral statistics retrieved successfully"
ALL_DONE: Final = "SUCCESS"
EVERYWHERE: Final = "all"
_UNSET: Final = {"", "0"}
_DIRECTIONS: Final = {"": False, "asc": False, "desc": True}


class ReferralViewSet(TillViewSet):
    """The action customer/referrals."""

    @action(detail=False, methods=["get"])
    @described(openapi.READ)
    def referrals(self, _request: Request, **_kwargs: object) -> Response:
        """Read what customers have referred, up to the batch limit."""
        query = expand_identifier_pair(self.query)
        reading = reading_of(self.call, query)
        asked = read_lookup_query(query, limit=reading.policy.batch_limit)
        try:
            options = read_query(query, reading)
        except LoyaltyError as error:
            code = error.code
            outcomes = read_outcomes(asked, reading, (), lambda _found: code)
        else:
            outcomes = read_statistics(asked, reading_of(self.call, query, options=options))
        return self.answer(customer_answer(outcomes, message=ALL_DONE))

    @referrals.mapping.post
    @described(openapi.WRITE)
    def add_referrals(self, _request: Request, **_kwargs: object) -> Response:
        """Store invitations."""
        call = self.call
        items = request_items(self.payload(), limit=call.policy.batch_limit)
        with_ids = _wants_ids(self.query)
        return answer_batch(
            self,
            items,
            lambda item: invite_item(item, call, with_ids=with_ids),
            action="customer/referrals",
            compose=partial(customers_answer, totals=False, message=ALL_DONE),
            echo=echo_identifiers,
            fallback=Code.REFERRAL_SYSTEM_ERROR,
            constraints=CONSTRAINTS,
            whose=partial(lock_named, call=call),
        )


def invite_item(item: Item, call: Call, *, with_ids: bool) -> Done:
    """Store the invitations of an item. Raises `LoyaltyError` as `invite_all`."""
    reader = Reader(organization=call.actor.organization, policy=call.policy, country_code=call.country_code, now=clock.now())
    answered = invite_all(item, reader, configuration=call.configuration, by=call.actor)
    return Done(
        body=_printed(answered, with_ids=with_ids),
        message=INVITED,
        warnings=in_numeric_order([*answered.notices, *call.notices]),
        subject=answered.customer.pk,
    )


def read_query(query: Mapping[str, str], reading: Reading) -> StatisticsQuery:
    """What a read asks for. Raises `LoyaltyError` 1202, 1203 for the campaign, 400 for what is malformed or no store."""
    current = reading.part(load_campaigns).usable(query.get("campaign_token", ""), at=reading.now, zone=reading.zone)
    direction = query.get("sort_order", "").lower()
    if direction not in _DIRECTIONS:
        raise LoyaltyError(Code.INVALID_INPUT)
    return StatisticsQuery(
        current=current,
        only_code=is_on(query, "only_referral_code"),
        with_ids=_wants_ids(query),
        begin=_bound(query, "start_date", reading),
        end=_bound(query, "end_date", reading),
        store_id=_store(query, reading),
        limit=read_limit(query, "limit", default=MOST_ROWS),
        is_descending=_DIRECTIONS[direction],
    )


def read_statistics(asked: LookupQuery, reading: Reading) -> list[Outcome]:
    """An outcome for each value asked for.

    Refusals: 1013 for customers outside the loyalty program, 1204 in the control group, 1205 for those who have no code and
    may not get one, 1222 if the database failed.
    """
    options: StatisticsQuery = reading.options

    def result(found: Found) -> Result:
        parts = merged(found.parts)
        if found.customer.pk in reading.refused:
            return reading.refused[found.customer.pk]
        shown: Statistics | None = parts.get(STATISTICS)
        if shown is None:
            return Code.REFERRAL_SYSTEM_ERROR
        body = {
            "email": parts.get("email"),
            "mobile": parts.get("mobile"),
            "external_id": parts.get("external_id"),
            "firstname": found.customer.firstname,
            "lastname": found.customer.lastname,
            "referral_code": shown.code,
        }
        if not options.only_code:
            terms = reading.part(load_series).terms
            body |= {
                "invitees": printed_invitees(shown.invitees, reading.zone),
                "referees": printed_referees(shown.referees, reading.zone, with_ids=options.with_ids),
                "incentives": printed_incentives(shown.coupons, terms, reading.zone),
            }
        return Done(body=body, message=RETRIEVED)

    return read_outcomes(asked, reading, (identifiers(reading), statistics(options)), result)


def _printed(answered: Answered, *, with_ids: bool) -> dict[str, Any]:
    customer = answered.customer
    known = read_customers([customer.pk])[customer.pk].identifiers
    return {
        "email": known.get("email"),
        "mobile": known.get("mobile"),
        "external_id": known.get("external_id"),
        **({"id": str(customer.pk)} if with_ids else {}),
        "firstname": customer.firstname,
        "lastname": customer.lastname,
        "referrals": {
            "referral_type": [
                {"type": kind.name, "referral": [_printed_row(row, code) for row, code in rows]}
                for kind, rows in answered.types
            ]
        },
    }


def _printed_row(row: InvitationRow, code: Code | None) -> dict[str, Any]:
    status = {
        "success": "true" if code is None else "false",
        "code": str(int(code or Code.DONE)),
        "message": ROW_INVITED if code is None else code.sentence,
    }
    return {**row.echo, "status": status}


def _wants_ids(query: Mapping[str, str]) -> bool:
    return is_on(query, "user_id") or names_customer(query.get("user_id", ""))


def _bound(query: Mapping[str, str], name: str, reading: Reading) -> datetime | None:
    """The first moment of `start_date`, or the first after `end_date`; None if it is not set. Raises `LoyaltyError` 400."""
    text = query.get(name, "")
    if text in _UNSET:
        return None
    span = read_span(f"{text[:10]} {text[11:]}" if text[10:11] == "+" else text, reading.zone)
    if span is None:
        raise LoyaltyError(Code.INVALID_INPUT)
    return span[name == "end_date"]


def _store(query: Mapping[str, str], reading: Reading) -> int | None:
    """The store (id) whose invitations and referees are shown: by default the caller's; None for all. Raises 400."""
    given = read_code(query.get("store_code", ""))
    if not given or given == "0":
        return reading.store.pk if reading.store else None
    if given.lower() == EVERYWHERE:
        return None
    stores = reading.part(load_names).stores
    pk = next((pk for pk, name in stores.items() if name.code == given), None)
    if pk is None:
        raise LoyaltyError(Code.INVALID_INPUT)
    return pk
