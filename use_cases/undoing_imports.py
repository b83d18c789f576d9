"""Undoing an import as a whole, while nothing has touched what it created (docs/imports.md, "Undoing").

All or nothing: the records are locked, then looked at, and either all are taken back or none. What the ledger has stays, with
entries that take it back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction

from customers.erasure.services import mark_erased
from customers.profile.locks import lock_customers
from engagement.bills.draft import BillDraft
from engagement.bills.models import ANONYMOUS, Bill
from engagement.bills.undoing import free_numbers
from engagement.points.taking_back import take_back_all
from engagement.programs.catalog import load_catalog
from loyalty_project import clock
from loyalty_project.db.locks import lock
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from organizations.configuration import current_configuration
from organizations.imports.kinds import kind_of, kind_title, may_import
from organizations.imports.models import CreatedRecord, ImportRun
from organizations.imports.runs import MOST_UNDONE
from organizations.personal_data import Person
from organizations.staff.reach import OutOfReachError
from referrals.campaigns.catalog import load_campaigns
from use_cases.erasure import empty_person
from use_cases.import_traces import BILL_TRACES, CUSTOMER_TRACES, KEPT_POINTS, Obstacle, Trace, find_obstacles
from use_cases.purchases import record_purchases


class UndoRefusedError(ValueError):
    """The import cannot be undone. The text is the reason, for users. Nothing has changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPlan:
    """What undoing an import means and what stands in the way: a sentence about the whole import, or touched records."""

    meaning: str = ""
    problem: str = ""
    obstacles: Sequence[Obstacle] = ()
    count: int = 0

    @property
    def is_possible(self) -> bool:
        """True if nothing stands in the way."""
        return not self.problem and not self.obstacles


@dataclass(frozen=True, slots=True, kw_only=True)
class _Undoer:
    """How the records of a command are taken back. `lock` locks them; `work` takes them back."""

    meaning: str
    noun: str
    lock: Callable[[Sequence[int]], None]
    work: Callable[[ImportRun, Sequence[int], Actor, datetime], None]
    traces: Callable[[Actor], Sequence[Trace]] = field(default=lambda _: ())


def plan_undo(run: ImportRun, *, by: Actor) -> UndoPlan:
    """What undoing the import would do, as of now. A fixed number of queries."""
    undoer = _UNDOERS.get(run.command)
    if undoer is None:
        return UndoPlan(
            problem=f"Files of {kind_title(run.command).lower()} cannot be taken back as a whole: correct the records one by"
            " one, or import a corrected file."
        )
    if problem := _problem_of(run, undoer):
        return UndoPlan(meaning=undoer.meaning, problem=problem)
    records = _records_of(run)
    if len(records) != run.created:
        return UndoPlan(meaning=undoer.meaning, problem="An earlier version made this import, and kept no list of its records.")
    finished = run.finished_at or clock.now()
    obstacles = find_obstacles(undoer.traces(by), records, finished=finished)
    return UndoPlan(meaning=undoer.meaning, obstacles=obstacles, count=len(records))


@transaction.atomic
def undo_import(run_id: int, *, reason: str, by: Actor) -> ImportRun:
    """Take back all that an import created; `reason` has 1 to 250 characters.

    Locks the run, then its records. Raises `UndoRefusedError` if anything stands in the way, `OutOfReachError` for staff who
    may not import such files, and `django.db` errors for locks (55P03, 40001).
    """
    run = lock(ImportRun.objects.filter(pk=run_id)).get()
    kind = kind_of(run.command)
    if kind is None or not may_import(kind, by):
        raise OutOfReachError
    undoer = _UNDOERS.get(run.command)
    if undoer is not None and not _problem_of(run, undoer):
        undoer.lock(_records_of(run))
    plan = plan_undo(run, by=by)
    if undoer is None or not plan.is_possible:
        raise UndoRefusedError(plan.problem or "Something has touched what the import created: see the list below.")
    now = clock.now()
    undoer.work(run, _records_of(run), by, now)
    run.undone_at, run.undone_by, run.undone_reason = now, by.name, reason
    run.save(update_fields=["undone_at", "undone_by", "undone_reason"])
    new = {"reason": reason, "records": plan.count}
    record_changes([Change(action="undone", object_type="importrun", object_id=run.pk, new=new)], by=by)
    return run


def _problem_of(run: ImportRun, undoer: _Undoer) -> str:
    """Why the import as a whole cannot be undone, or ""."""
    if run.undone_at is not None:
        return "The import is undone already."
    if run.finished_at is None:
        return "The import is not finished: continue it to its end first."
    if run.updated:
        return (
            f"The import changed {run.updated:,} {undoer.noun} that were here before. Their history shows the old values; they"
            " are not put back together with the new ones."
        )
    if not run.created:
        return "The import created nothing."
    if run.created > MOST_UNDONE:
        return (
            f"The import created {run.created:,} {undoer.noun}; at most {MOST_UNDONE:,} are taken back at once, and no list is"
            " kept of more. Correct them one by one, or import a corrected file."
        )
    return ""


def _records_of(run: ImportRun) -> list[int]:
    return list(CreatedRecord.objects.filter(run=run).order_by("record_id").values_list("record_id", flat=True))


def _lock_customers(records: Sequence[int]) -> None:
    lock_customers(records, may_be_erased=True)


def _undo_customers(run: ImportRun, records: Sequence[int], by: Actor, now: datetime) -> None:
    """Empty the customers as an erasure does, and take back the points that they got for joining."""
    take_back_all(records, by=by, now=now)
    # Without the values that identify them: what names these in rows of other customers, and in files, is not of this import.
    person = Person(customers=records, values=[])
    empty_person(person)
    mark_erased(person, now=now)
    undone = {"import": run.pk}
    record_changes(
        [Change(action="registration undone", object_type="customer", object_id=pk, new=undone) for pk in records], by=by
    )


def _lock_bills(records: Sequence[int]) -> None:
    """Lock the bills' customers, then the bills."""
    owners = Bill.objects.filter(pk__in=records, customer__isnull=False).values_list("customer", flat=True)
    lock_customers(set(owners), may_be_erased=True)
    list(lock(Bill.objects.filter(pk__in=records)).values_list("pk", flat=True))


def _undo_bills(run: ImportRun, records: Sequence[int], by: Actor, now: datetime) -> None:
    """Return the bills whole, as of now, and free their numbers for a corrected file."""
    bills = free_numbers(records, mark=f"~{run.pk}")
    drafts = [_full_return(bill, now) for bill in bills]
    configuration = current_configuration()
    results = record_purchases(
        drafts,
        catalog=configuration.part(load_catalog),
        campaigns=configuration.part(load_campaigns),
        by=by,
        now=now,
        is_history=True,
    )
    for bill, result in zip(bills, results, strict=True):
        if isinstance(result, LoyaltyError):
            raise UndoRefusedError(f"Bill {bill.number}, id {bill.pk}: {result.code.sentence} Nothing was taken back.")


def _full_return(bill: Bill, now: datetime) -> BillDraft:
    is_anonymous = bill.type in ANONYMOUS
    return BillDraft(
        type=Bill.Type.NOT_INTERESTED_RETURN if is_anonymous else Bill.Type.RETURN,
        customer_id=bill.customer_id,
        number=bill.number,
        billed_at=now,
        till=bill.till,
        store=bill.store,
        return_type=Bill.ReturnType.FULL,
        sale_id=bill.pk,
        sale_number=bill.number,
        source=bill.source,
    )


def _traces_of_bills(by: Actor) -> Sequence[Trace]:
    return BILL_TRACES if by.organization.policy.points_return else (*BILL_TRACES, KEPT_POINTS)


_UNDOERS: Final[Mapping[str, _Undoer]] = {
    "import_customers": _Undoer(
        meaning=(
            "The customers that the import registered are emptied, as an erasure does: their names, identifiers and fields are"
            " gone, and their numbers and addresses are free again. Points that they got for joining are taken back. Their ids"
            " stay as empty records."
        ),
        noun="customers",
        lock=_lock_customers,
        work=_undo_customers,
        traces=lambda _: CUSTOMER_TRACES,
    ),
    "import_transactions": _Undoer(
        meaning=(
            "Each bill that the import recorded is returned whole, as of now, which takes back its points. The bill and its"
            " return stay in the customer's history; the number of the bill is free again for a corrected file."
        ),
        noun="bills",
        lock=_lock_bills,
        work=_undo_bills,
        traces=_traces_of_bills,
    ),
}
