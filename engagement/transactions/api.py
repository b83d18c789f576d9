"""customer/transactions: the bills of customers (docs/protocol.md 4.6)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api.reads import Result, read_outcomes, reading_of
from customers.groups.sections import USER_GROUPS
from customers.identifiers.sections import identifiers
from customers.lookup.services import LookupQuery, expand_identifier_pair, read_lookup_query
from customers.lookup.statement import Found
from customers.profile.models import Customer
from customers.profile.reading import Reading, merged
from engagement.bills.sections import PURCHASES
from engagement.coupons.sections import OF_BILLS, coupons_of_bills
from engagement.transactions import openapi
from engagement.transactions.filters import BillFilters
from engagement.transactions.payloads import (
    credit_notes,
    customer_with_bills,
    field_values,
    no_points_block,
    points_block,
    points_breakup,
    transaction,
)
from engagement.transactions.rows import BillPage, CustomerPoints, ListedBill
from engagement.transactions.sections import PAGE, POINTS, SORTED_BY, PageQuery, bills, points_of
from loyalty_project.api.envelope import customer_answer
from loyalty_project.api.paging import read_limit, read_number, read_order
from loyalty_project.openapi.operations import described
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.outcomes import Done, Outcome, Refused
from loyalty_project.protocol.values import is_on
from organizations.api.views import TillViewSet
from organizations.fields.models import FieldDefinition

ZERO = Decimal(0)
FETCHED: Final = "Transactions fetched successfully"


class TransactionViewSet(TillViewSet):
    """The action customer/transactions."""

    @action(detail=False, methods=["get"])
    @described(openapi.TRANSACTIONS)
    def transactions(self, _request: Request, **_kwargs: object) -> Response:
        """Read a page of each customer's bills."""
        query = expand_identifier_pair(self.query)
        asked = read_lookup_query(query, limit=self.call.policy.batch_limit)
        try:
            page = read_page(query, reading_of(self.call, query))
        except LoyaltyError as error:
            code = error.code
            outcomes = read_outcomes(asked, reading_of(self.call, query), (), lambda _found: code)
        else:
            outcomes = read_transactions(asked, reading_of(self.call, query, options=page))
        return self.answer(customer_answer(outcomes))


def read_page(query: Mapping[str, str], reading: Reading) -> PageQuery:
    """The page that the query asks for. Raises `LoyaltyError`: 400, 1150."""
    limit = read_limit(query, "limit")
    conditions = BillFilters(query, zone=reading.zone).conditions()
    return PageQuery(
        order=read_order(query, SORTED_BY, of="bill"),
        conditions=conditions.texts,
        values=conditions.values,
        limit=limit,
        offset=read_number(query, "offset"),
    )


def read_transactions(asked: LookupQuery, reading: Reading) -> list[Outcome]:
    """An outcome for each value asked for: the customer with a page of bills.

    Refusals: 1013 with `mlp` for customers outside the loyalty program; 1051 without bills, with the customer's block all the
    same.
    """
    page = bills(reading.options)
    rows = _Rows(reading)

    def result(found: Found) -> Result:
        customer = found.customer
        if is_on(reading.query, "mlp") and customer.type != Customer.Type.LOYALTY:
            return Code.NOT_LOYALTY
        parts = merged(found.parts)
        shown: BillPage = parts[PAGE]
        points: CustomerPoints = parts[POINTS]
        coupons: Mapping[int, Sequence[Mapping[str, Any]]] = parts[OF_BILLS]
        body = customer_with_bills(
            customer,
            points.balance,
            shown,
            [rows.row(bill, points, coupons.get(bill.bill.pk, ())) for bill in shown.bills],
            identifiers=parts,
            groups=parts["user_groups2"],
            purchases=parts.get("lifetime_purchases", ZERO),
            limit=reading.options.limit,
            zone=reading.zone,
        )
        warnings = reading.warnings_of(customer.pk)
        if shown.bills:
            return Done(body=body, message=FETCHED, code=Code.TRANSACTIONS_FETCHED, warnings=warnings)
        return Refused(body=body, code=Code.NO_ROWS, warnings=warnings)

    sections = (identifiers(reading), USER_GROUPS, PURCHASES, page, points_of(page, reading), coupons_of_bills(page))
    return read_outcomes(asked, reading, sections, result)


def transaction_fields() -> Sequence[FieldDefinition]:
    """The organization's active fields of transactions, in order: a part of the configuration."""
    return tuple(FieldDefinition.objects.filter(category=FieldDefinition.Category.TRANSACTION, is_active=True))


class _Rows:
    """The rows of an answer, with the parts that the query asks for."""

    def __init__(self, reading: Reading) -> None:
        self.organization = reading.organization
        self.is_by_program = reading.wants("mlp")
        self.has_breakup = reading.wants("points_breakup")
        self.has_credit_notes = reading.wants("credit_notes")
        self.definitions: Sequence[FieldDefinition] = ()
        if reading.wants("custom_fields"):
            self.definitions = reading.part(transaction_fields)

    def row(self, listed: ListedBill, points: CustomerPoints, coupons: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The row of a bill, with the coupons that were redeemed with it."""
        bill = listed.bill
        counts = [points.of_bill(bill.pk, program_id) for program_id in self._programs(points)]
        blocks: list[dict[str, str]] = [points_block(count) for count in counts]
        row = transaction(
            listed,
            points=blocks if self.is_by_program else (blocks or [no_points_block()])[0],
            coupons=coupons,
            taken=sum((count.taken for count in counts), start=ZERO),
            organization=self.organization,
        )
        row["custom_fields"] = field_values(bill, self.definitions)
        if self.has_breakup:
            row["points_breakup"] = points_breakup(counts)
        if self.has_credit_notes:
            row["credit_notes"] = credit_notes(bill)
        return row

    def _programs(self, points: CustomerPoints) -> Sequence[int]:
        """All programs of the customer, or the program whose balance is shown."""
        if self.is_by_program:
            return points.programs
        program_id = points.balance.program_id
        return () if program_id is None else (program_id,)
