"""Numbers of bills whose import is undone, freed for the bills of a corrected file."""

from collections.abc import Collection

from engagement.bills.draft import NUMBER_LENGTH
from engagement.bills.models import Bill
from loyalty_project.db.rows import update_rows


def free_numbers(ids: Collection[int], *, mark: str) -> list[Bill]:
    """Add a mark to the numbers of these bills, which are returned, in the order of their ids. Call it under their locks.

    A number that leaves no room for the mark is cut. Several may then begin alike: their mark has the id of the bill too.
    """
    bills = list(Bill.objects.filter(pk__in=ids).select_related("till", "store", "customer").order_by("pk"))
    for bill in bills:
        bill.number = _marked(bill, mark)
    update_rows(bills, ["number"])
    return bills


def _marked(bill: Bill, mark: str) -> str:
    if len(bill.number) + len(mark) <= NUMBER_LENGTH:
        return f"{bill.number}{mark}"
    mark = f"{mark}.{bill.pk}"
    return f"{bill.number[: NUMBER_LENGTH - len(mark)]}{mark}"
