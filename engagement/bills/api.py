"""transaction/add: bills and returns of tills (docs/protocol.md, tills' part 2, 3)."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Final

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api.subjects import lock_named
from customers.profile.reading import merged
from customers.registration.context import load_input_context
from engagement.bills import openapi
from engagement.bills.answers import echo_bill, printed_bill, printed_customer
from engagement.bills.codes import BillCode
from engagement.bills.reader import BillContext
from engagement.bills.reading import SentBill, read_bill
from loyalty_project.api.envelope import request_items, sale_answer
from loyalty_project.openapi.operations import described
from loyalty_project.protocol.codes import TECHNICAL, CodeTable
from loyalty_project.protocol.errors import ApartError, LoyaltyError
from loyalty_project.protocol.outcomes import Done, alone, unless_refused, work_sound
from loyalty_project.protocol.values import Item, child
from organizations.api.batches import answer_batch
from organizations.api.call import till_of
from organizations.api.views import TillViewSet
from organizations.audit.actors import Actor
from use_cases import registration
from use_cases.bill_answers import BilledItem, Billing
from use_cases.billing import record_each

KEY: Final = "transaction"
# The code of each broken constraint, if a race gets past the locks. Others are 608, which no Idempotency-Key keeps: the same
# bill may succeed later.
CONSTRAINTS: Final[Mapping[str, CodeTable]] = {
    **{name: BillCode.REGISTRATION_FAILED for name, code in registration.CONSTRAINTS.items() if code not in TECHNICAL},
    "bill_identity_unique": BillCode.DUPLICATE_NUMBER,
    "bill_return_identity_unique": BillCode.DUPLICATE_NUMBER,
}


class BillViewSet(TillViewSet):
    """The action transaction/add."""

    reads_single_quotes = True

    @action(detail=False, methods=["post"])
    @described(openapi.ADD)
    def add(self, _request: Request, **_kwargs: object) -> Response:
        """Record bills and returns, and register or update their customers."""
        call = self.call
        items = request_items(self.payload(), limit=call.policy.batch_limit, key=KEY, too_many=BillCode.TOO_MANY)
        context = load_input_context(
            _customers(items),
            by=call.actor,
            configuration=call.configuration,
            country_code=call.country_code,
        )

        def read(item: Item) -> tuple[SentBill, Actor]:
            by, notices = call.at_till(till_of(item))
            sent = read_bill(item, BillContext(configuration=call.configuration, by=by, now=context.now))
            sent.notices += notices
            return sent, by

        def work(items: Sequence[Item]) -> list[Done | LoyaltyError]:
            read_items = [unless_refused(read, item) for item in items]
            billed = work_sound(read_items, record)
            return [
                result if isinstance(result, LoyaltyError) else _done(result, item)
                for result, item in zip(billed, items, strict=True)
            ]

        def record(read_bills: Sequence[tuple[SentBill, Actor]]) -> Sequence[BilledItem | LoyaltyError]:
            actors = [by for _, by in read_bills]
            if changes := [index for index, (before, by) in enumerate(pairwise(actors), start=1) if by != before]:
                raise ApartError(*changes)
            first_by = actors[0]
            billing = Billing(
                configuration=call.configuration,
                context=context.at(till=first_by.till, store=first_by.store),
                by=first_by,
                defer_awards=call.replay,
            )
            return record_each([sent for sent, _ in read_bills], billing)

        return answer_batch(
            self,
            items,
            alone(work),
            together=work,
            action="transaction/add",
            compose=partial(sale_answer, container="transactions", key=KEY, as_list=True),
            echo=echo_bill,
            fallback=BillCode.NOT_RETURNABLE,
            constraints=CONSTRAINTS,
            whose=lambda item: lock_named(child(item, "customer"), call=call),
        )


def _customers(items: Sequence[Any]) -> list[Item]:
    """The blocks about customers."""
    return [child(item, "customer") for item in items if isinstance(item, dict)]


def _done(billed: BilledItem, item: Item) -> Done:
    found = billed.customer
    customer = None if found is None else printed_customer(found.customer, merged(found.parts), billed.figures)
    body = printed_bill(
        billed.bill,
        item,
        kind=billed.type,
        customer=customer,
        effects=billed.effects,
        deducted=billed.deducted,
        balance=billed.balance,
    )
    return Done(
        body=body,
        message=BillCode.DONE.sentence,
        code=BillCode.DONE,
        warnings=billed.notices,
        subject=None if found is None else found.customer.pk,
    )
