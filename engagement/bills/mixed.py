"""Returns that a mixed bill makes of its returned lines (docs/protocol.md, tills' part 3.5)."""

from dataclasses import replace
from decimal import Decimal
from itertools import groupby

from engagement.bills.draft import MOST_MONEY, NUMBER_LENGTH, BillDraft, LineDraft
from engagement.bills.models import ANONYMOUS, Bill
from loyalty_project.db.ids import draw_ids


def returned_lines(draft: BillDraft) -> list[LineDraft]:
    """The lines of a sale that come back from earlier sales; none of a return."""
    return [] if draft.is_return else [line for line in draft.lines or () if line.is_returned]


def parts_of(draft: BillDraft) -> list[BillDraft]:
    """The returns that a mixed bill makes: one for each sale that its returned lines name.

    All get their ids here, and the bill gets its own: the returns come first. One query if there are any.
    """
    returned = returned_lines(draft)
    if not returned:
        return []
    kind = Bill.Type.NOT_INTERESTED_RETURN if draft.type in ANONYMOUS else Bill.Type.RETURN
    groups = [list(lines) for _, lines in groupby(sorted(returned, key=_sale_of), key=_sale_of)]
    *ids, draft.bill_id = draw_ids(Bill, len(groups) + 1)
    return [
        replace(
            draft,
            type=kind,
            number="",
            # The sale says what comes back: a sum is no reason to refuse it.
            amount=min(max(sum((line.net for line in lines), Decimal(0)), Decimal(0)), MOST_MONEY),
            gross_amount=None,
            discount=Decimal(0),
            lines=[replace(line, is_returned=False) for line in lines],
            return_type=Bill.ReturnType.LINE_ITEM,
            sale_number=lines[0].sale_number if len(lines[0].sale_number) <= NUMBER_LENGTH else "",
            purchased_on=lines[0].purchased_on,
            field_values={},
            details={},
            part_of=draft.bill_id,
            bill_id=bill_id,
        )
        for bill_id, lines in zip(ids, groups, strict=True)
    ]


def _sale_of(line: LineDraft) -> tuple[str, str]:
    return line.sale_number, line.purchased_on.isoformat() if line.purchased_on else ""
