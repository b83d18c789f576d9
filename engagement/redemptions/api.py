"""customer/redemptions: the points that customers spent (docs/protocol.md 4.7). Coupons do not exist yet: always none."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api.reads import Results, read_outcomes
from customers.groups.sections import groups_of
from customers.lookup.reads import read_customers
from customers.lookup.services import expand_identifier_pair, names_customer, read_lookup_query
from customers.profile.models import Customer
from engagement.points.balances import Balances, memberships_of
from engagement.programs.catalog import load_catalog
from engagement.redemptions.filters import BoundedRedemptionFilters, RedemptionFilters
from engagement.redemptions.history import RedemptionPage, account_ids, read_redemptions, reversals_of
from engagement.redemptions.models import Redemption
from engagement.redemptions.payloads import customer_with_redemptions, points_redemption
from loyalty_project.api.envelope import customer_answer
from loyalty_project.api.paging import read_limit, read_number, read_order
from loyalty_project.protocol.codes import Code, CodeTable, Transport
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.outcomes import Done, Outcome, Refused
from loyalty_project.protocol.values import is_on
from organizations.api.call import Call
from organizations.api.views import TillViewSet
from organizations.locations.models import Store
from organizations.tenancy.models import Organization

_KINDS: Final = {"", "POINTS", "COUPONS", "BOTH"}
_SORTED_BY: Final = {"redeemed_time": "entry__occurred_at", "redemption_id": "pk"}


class RedemptionViewSet(TillViewSet):
    """The action customer/redemptions."""

    @action(detail=False, methods=["get"])
    def redemptions(self, _request: Request, **_kwargs: object) -> Response:
        """Read a page of each customer's redemptions."""
        call, query = self.call, expand_identifier_pair(self.query)
        outcomes = read_outcomes(
            read_lookup_query(query, limit=call.policy.batch_limit),
            query,
            lambda ids: read_history(ids, query, call=call),
            call=call,
            translate=_translate,
            # A customer who was read has no item_status.
            conclude=lambda done: Outcome(done.body, succeeded=True),
        )
        return self.answer(customer_answer(outcomes))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The query without the customers: kinds, filters, order, limits. Reading it raises `LoyaltyError` 400."""

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


def read_history(ids: Sequence[int], query: Mapping[str, str], *, call: Call) -> Results:
    """Each customer's redemptions. The number of queries grows neither with the customers nor with their redemptions.

    Refusals: 1013 for customers outside the loyalty program, 1020 for those outside the program that the query names. Raises
    `LoyaltyError` 400.
    """
    organization = call.actor.organization
    asked = _read(query, organization)
    people = read_customers(ids)
    loyal = [pk for pk, person in people.items() if person.customer.type == Customer.Type.LOYALTY]
    programs = _programs(loyal, asked, call.actor.store)
    pages: Mapping[int, RedemptionPage] = {}
    if asked.points:
        found = account_ids(loyal).items()
        accounts = [pk for key, pks in found if key.program_id in programs.get(key.customer_id, ()) for pk in pks]
        pages = read_redemptions(accounts, asked.matching, order=asked.order, limit=asked.points_limit)
    reversals = reversals_of([row.pk for page in pages.values() for row in page.redemptions])
    groups = groups_of(loyal)
    results: dict[int, Done | Refused | CodeTable] = dict.fromkeys(people, Code.NOT_LOYALTY)
    results |= dict.fromkeys(loyal, Code.NOT_IN_PROGRAM)
    for pk in programs:
        page = pages.get(pk, RedemptionPage())
        body = customer_with_redemptions(
            people[pk],
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
    """The programs whose redemptions are shown, by customer: the named program, all, or the one that applies at the till.

    Customers outside the named program are absent.
    """
    memberships = memberships_of(customer_ids)
    joined: dict[int, set[int]] = {pk: set() for pk in customer_ids}
    for key in memberships:
        joined[key.customer_id].add(key.program_id)
    if asked.program_id:
        return {pk: {asked.program_id} for pk, program_ids in joined.items() if asked.program_id in program_ids}
    if asked.by_program:
        return joined
    applicable = load_catalog().programs_for_each(store, customer_ids)
    balances = Balances(memberships=memberships, accounts={})
    shown = {pk: balances.applicable(pk, applicable[pk]).program_id for pk in customer_ids}
    return {pk: set() if program_id is None else {program_id} for pk, program_id in shown.items()}


def _translate(code: CodeTable) -> CodeTable:
    """816 for an unknown customer: the code of the points layer (docs/protocol.md 5.1)."""
    unknown = {Code.UNKNOWN_ID, Code.UNKNOWN_IDENTIFIER}
    return Code.CUSTOMER_NOT_FOUND_FOR_POINTS if code in unknown else code
