"""customer/transactions: the bills of customers (docs/protocol.md 4.6)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api.reads import Results, read_outcomes
from customers.groups.sections import groups_of
from customers.lookup.reads import read_customers
from customers.lookup.services import expand_identifier_pair, read_lookup_query
from customers.profile.models import Customer
from customers.registration.state import CustomerState
from engagement.bills.models import Bill
from engagement.bills.payloads import printed_purchases
from engagement.transactions.filters import BillFilters
from engagement.transactions.history import BillPage, PointsRead, basket_sizes, lifetime_purchases, read_bills, read_points
from engagement.transactions.payloads import (
    credit_notes,
    customer_with_bills,
    field_values,
    no_points_block,
    points_block,
    points_breakup,
    transaction,
)
from loyalty_project.api.envelope import customer_answer
from loyalty_project.api.paging import read_limit, read_number, read_order
from loyalty_project.protocol.best_effort import best_effort
from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.outcomes import Done, Refused
from loyalty_project.protocol.values import is_on
from organizations.api.call import Call
from organizations.api.views import TillViewSet
from organizations.fields.models import FieldDefinition
from organizations.tenancy.models import Organization

ZERO = Decimal(0)
FETCHED: Final = "Transactions fetched successfully"
_SORTED_BY: Final = {"trans_date": "billed_at", "trans_id": "pk"}


class TransactionViewSet(TillViewSet):
    """The action customer/transactions."""

    @action(detail=False, methods=["get"])
    def transactions(self, _request: Request, **_kwargs: object) -> Response:
        """Read a page of each customer's bills."""
        call, query = self.call, expand_identifier_pair(self.query)
        asked = read_lookup_query(query, limit=call.policy.batch_limit)
        outcomes = read_outcomes(asked, query, lambda ids: read_transactions(ids, query, call=call), call=call)
        return self.answer(customer_answer(outcomes))


def read_transactions(ids: Sequence[int], query: Mapping[str, str], *, call: Call) -> Results:
    """Each customer's bills. The number of queries grows neither with the customers nor with their bills.

    Refusals: 1013 with `mlp` for customers outside the loyalty program; 1051 without bills, with the customer's block all the
    same. Raises `LoyaltyError`: 400, 1150.
    """
    organization = call.actor.organization
    limit = read_limit(query, "limit")
    filters = BillFilters(query, Bill.objects.all(), zone=organization.zone)
    people = read_customers(ids)
    pages = read_bills(
        list(people),
        filters.matching(),
        order=read_order(query, _SORTED_BY),
        limit=limit,
        offset=read_number(query, "offset"),
    )
    readable = {pk: person for pk, person in people.items() if not _is_refused(person, query)}
    bill_ids = [bill.pk for pk in readable if pk in pages for bill in pages[pk].bills]
    notices: list[Notice] = []
    points = PointsRead()
    with best_effort(notices, [Notice(Code.POINTS_UNAVAILABLE)]):
        points = read_points(list(readable), bill_ids, organization=organization, store=call.actor.store)
    purchases = lifetime_purchases(readable)
    groups = groups_of(readable)
    rows = _Rows(query, points, basket_sizes(bill_ids), organization)
    results: dict[int, Done | Refused | CodeTable] = dict.fromkeys(people, Code.NOT_LOYALTY)
    for pk, person in readable.items():
        page = pages.get(pk, BillPage())
        body = customer_with_bills(
            person,
            points.balance_of(pk),
            page,
            [rows.row(bill) for bill in page.bills],
            groups=groups.get(pk, ()),
            purchases=printed_purchases(purchases.get(pk, ZERO), is_exact=call.policy.exact_lifetime_purchases),
            limit=limit,
            zone=organization.zone,
        )
        if page.bills:
            results[pk] = Done(body=body, message=FETCHED, code=Code.TRANSACTIONS_FETCHED, warnings=notices)
        else:
            results[pk] = Refused(body=body, code=Code.NO_ROWS, warnings=notices)
    return results


def _is_refused(person: CustomerState, query: Mapping[str, str]) -> bool:
    return is_on(query, "mlp") and person.customer.type != Customer.Type.LOYALTY


class _Rows:
    """The rows of an answer, with the parts that the query asks for."""

    def __init__(
        self, query: Mapping[str, str], points: PointsRead, basket_sizes: Mapping[int, int], organization: Organization
    ) -> None:
        self.points, self.basket_sizes, self.organization = points, basket_sizes, organization
        self.is_by_program = is_on(query, "mlp")
        self.has_breakup = is_on(query, "points_breakup")
        self.has_credit_notes = is_on(query, "credit_notes")
        self.definitions: list[FieldDefinition] = []
        if is_on(query, "custom_fields"):
            category = FieldDefinition.Category.TRANSACTION
            self.definitions = list(FieldDefinition.objects.filter(category=category, is_active=True))

    def row(self, bill: Bill) -> dict[str, Any]:
        """The row of a bill."""
        counts = [self.points.of_bill(bill.pk, program_id) for program_id in self._programs(bill.customer_id or 0)]
        blocks: list[dict[str, str]] = [points_block(count) for count in counts]
        row = transaction(
            bill,
            points=blocks if self.is_by_program else (blocks or [no_points_block()])[0],
            taken=sum((count.taken for count in counts), start=ZERO),
            basket_size=self.basket_sizes.get(bill.pk, 0),
            organization=self.organization,
        )
        row["custom_fields"] = field_values(bill, self.definitions)
        if self.has_breakup:
            row["points_breakup"] = points_breakup(counts)
        if self.has_credit_notes:
            row["credit_notes"] = credit_notes(bill)
        return row

    def _programs(self, customer_id: int) -> Sequence[int]:
        """All programs of the customer, or the program whose balance is shown."""
        if self.is_by_program:
            return self.points.programs.get(customer_id, ())
        program_id = self.points.balance_of(customer_id).program_id
        return () if program_id is None else (program_id,)
