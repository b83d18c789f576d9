"""Counting rows."""

from loyalty_project.imports.results import RowResult, RowStatus, Tally, rejected, work_sound
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice


def test_every_row_is_counted_once_and_warnings_by_their_text():
    warned = RowResult(RowStatus.CREATED, warnings=[Notice(Code.VALIDATION_FAILED), Notice(Code.VALIDATION_FAILED)])
    tally = Tally(created=1, warnings={"91003 Validation failed": 1}).plus(
        [warned, RowResult(RowStatus.UPDATED), RowResult(RowStatus.UNCHANGED), rejected(Code.INVALID_MOBILE)]
    )
    assert str(tally) == "created=2 updated=1 unchanged=1 rejected=1"
    assert tally.warnings == {"91003 Validation failed": 3}


def test_valid_rows_are_processed_and_others_rejected_in_order():
    worked: list[list[str]] = []

    def work(rows):
        worked.append(list(rows))
        return [RowResult(RowStatus.CREATED), RowResult(RowStatus.UNCHANGED)]

    refusal = LoyaltyError(Code.UNKNOWN_ID)
    assert work_sound([refusal, "a", refusal, "b"], work) == [
        rejected(Code.UNKNOWN_ID),
        RowResult(RowStatus.CREATED),
        rejected(Code.UNKNOWN_ID),
        RowResult(RowStatus.UNCHANGED),
    ]
    assert worked == [["a", "b"]]
