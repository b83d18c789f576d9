"""customer/redemptions: the points that one customer or many spent (docs/protocol.md 4.7). Coupons have no part yet: none."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api.reads import Results, answer_reads
from customers.groups.sections import groups_of
from customers.lookup.services import expand_identifier_pair, names_customer
from customers.profile.models import Customer
from customers.registration.state import CustomerState
from engagement.points.balances import figures_at, memberships_of
from engagement.programs.catalog import load_catalog
from engagement.redemptions.filters import BoundedRedemptionFilters, RedemptionFilters
from engagement.redemptions.history import RedemptionPage, account_ids, read_redemptions, reversals_of
from engagement.redemptions.models import Redemption
from engagement.redemptions.payloads import customer_with_redemptions, points_redemption
from loyalty_project.api.paging import read_limit, read_number, read_order
from loyalty_project.protocol.codes import Code, CodeTable, Transport
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.outcomes import Done, Outcome, Refused
from loyalty_project.protocol.values import is_on
from organizations.api.views import Call, TillView
from organizations.locations.models import Store
from organizations.tenancy.models import Organization

_KINDS: Final = {"", "POINTS", "COUPONS", "BOTH"}
_SORTED_BY: Final = {"redeemed_time": "entry__occurred_at", "redemption_id": "pk"}
# The points layer tells of an unknown customer in its own way (docs/protocol.md 5.1).
_RENAMED: Final[Mapping[CodeTable, CodeTable]] = {
    Code.UNKNOWN_ID: Code.CUSTOMER_NOT_FOUND_FOR_POINTS,
    Code.UNKNOWN_IDENTIFIER: Code.CUSTOMER_NOT_FOUND_FOR_POINTS,
}


class RedemptionsView(TillView):
    """Reads redemptions."""

    http_method_names = ["get"]

    def get(self, _request: Request, **_kwargs: object) -> Response:
        query = expand_identifier_pair(self.query)
        return answer_reads(
            self.call,
            query,
            lambda people: read_history(people, query, call=self.call),
            # Who was read has no item_status.
            conclude=lambda done: Outcome(done.body, succeeded=True),
            renamed=_RENAMED,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a query asks for, apart from whose redemptions. Reading it raises `LoyaltyError` 400."""

    points: bool
    coupons: bool
    matching: QuerySet[Redemption]
    order: Sequence[str]
    limit: int
    points_limit: int
    program_id: int
    by_program: bool
    with_user_id: bool


def _read(query: Mapping[str, str], organization: Organization) -> _Asked:
    kind = query.get("type", "").upper()
    if kind not in _KINDS:
        raise LoyaltyError(Code.INVALID_INPUT)
    # The limit of one kind and the bounds of ids count only where `type` is absent (docs/protocol.md 4.7).
    filters = (RedemptionFilters if kind else BoundedRedemptionFilters)(query, Redemption.objects.all(), zone=organization.zone)
    return _Asked(
        points=kind != "COUPONS",
        coupons=kind != "POINTS",
        matching=filters.matching(),
        order=read_order(query, _SORTED_BY),
        limit=read_limit(query, "limit"),
        points_limit=read_limit(query, "limit") if kind else read_limit(query, "points_limit", "limit"),
        program_id=read_number(query, "program_id") or read_number(query, "programId"),
        by_program=is_on(query, "mlp"),
        with_user_id=is_on(query, "user_id") or names_customer(query.get("user_id", "")),
    )


def read_history(people: Sequence[CustomerState], query: Mapping[str, str], *, call: Call) -> Results:
    """The answer for each customer. The number of queries does not grow with them, nor with their redemptions.

    Refusals: 1013 for who is not in the loyalty program, 1020 for who is not in the one that is named. Raises `LoyaltyError`
    400.
    """
    organization = call.actor.organization
    asked = _read(query, organization)
    loyal = [one.customer.pk for one in people if one.customer.type == Customer.Type.LOYALTY]
    programs = _programs(loyal, asked, call.actor.store)
    pages: Mapping[int, RedemptionPage] = {}
    if asked.points:
        found = account_ids(loyal).items()
        accounts = [pk for key, pks in found if key.program_id in programs.get(key.customer_id, ()) for pk in pks]
        pages = read_redemptions(accounts, asked.matching, order=asked.order, limit=asked.points_limit)
    reversals = reversals_of([one.pk for page in pages.values() for one in page.redemptions])
    groups = groups_of(loyal)
    results: dict[int, Done | Refused | CodeTable] = {one.customer.pk: Code.NOT_LOYALTY for one in people}
    results |= dict.fromkeys(loyal, Code.NOT_IN_PROGRAM)
    for one in people:
        pk = one.customer.pk
        if pk not in programs:
            continue
        page = pages.get(pk, RedemptionPage())
        body = customer_with_redemptions(
            one,
            page if asked.points else None,
            [
                points_redemption(row, reversals.get(row.pk, ()), by_program=asked.by_program, zone=organization.zone)
                for row in page.redemptions
            ],
            groups=groups.get(pk, ()),
            coupons_count=0 if asked.coupons else None,
            limit=asked.limit,
            with_user_id=asked.with_user_id,
        )
        results[pk] = Done(body=body, message=Transport.SUCCESS.sentence)
    return results


def _programs(customer_ids: Collection[int], asked: _Asked, store: Store | None) -> dict[int, set[int]]:
    """Out of which programs each customer's redemptions are told: the named one, all, or the one that counts at the till.

    Who is not in the named one is absent.
    """
    memberships = memberships_of(customer_ids)
    joined: dict[int, set[int]] = {one: set() for one in customer_ids}
    for key in memberships:
        joined[key.customer_id].add(key.program_id)
    if asked.program_id:
        return {one: {asked.program_id} for one, ids in joined.items() if asked.program_id in ids}
    if asked.by_program:
        return joined
    there = load_catalog().programs_for_each(store, customer_ids)
    figures = {one: figures_at(one, there[one], accounts={}, memberships=memberships) for one in customer_ids}
    return {one: set() if shown.program_id is None else {shown.program_id} for one, shown in figures.items()}
