"""Counting rows."""

from loyalty_project.imports.results import Occurrences, RowResult, RowStatus, Tally, kinds_of, rejected, work_sound
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice

CREATED = RowResult(RowStatus.CREATED)


def test_every_row_is_counted_once_and_warnings_by_their_text():
    warned = RowResult(RowStatus.CREATED, warnings=[Notice(Code.VALIDATION_FAILED), Notice(Code.VALIDATION_FAILED)])
    tally = Tally(created=1, warnings={"91003 Validation failed": Occurrences(1, (2,))}).plus(
        enumerate([warned, RowResult(RowStatus.UPDATED), RowResult(RowStatus.UNCHANGED), rejected(Code.INVALID_MOBILE)], 3)
    )
    assert str(tally) == "created=2 updated=1 unchanged=1 rejected=1"
    assert tally.warnings == {"91003 Validation failed": Occurrences(3, (2, 3, 3))}
    assert tally.errors == {"1001 Unable to register. Invalid mobile number.": Occurrences(1, (6,))}


def test_kinds_are_told_by_code_with_their_first_three_lines():
    tally = Tally().plus((line, rejected(Code.INVALID_MOBILE)) for line in (9, 11, 13, 15))
    tally = tally.plus([(20, rejected(Code.INVALID_INPUT)), (21, rejected(Code.UNKNOWN_ID)), (22, rejected(Code.UNKNOWN_ID))])
    assert kinds_of("Error", tally.errors) == [
        f"Error 400 {Code.INVALID_INPUT.sentence} (once, line 20)",
        f"Error 1001 {Code.INVALID_MOBILE.sentence} (4 times, lines 9, 11, 13, ...)",
        f"Error 1011 {Code.UNKNOWN_ID.sentence} (2 times, lines 21, 22)",
    ]
    assert kinds_of("", {"400 x": Occurrences(2)}) == ["400 x (2 times)"]


def test_valid_rows_are_processed_and_others_rejected_in_order():
    worked: list[list[str]] = []

    def work(rows):
        worked.append(list(rows))
        return [CREATED, RowResult(RowStatus.UNCHANGED)]

    refusal = LoyaltyError(Code.UNKNOWN_ID, detail="id: unknown")
    assert work_sound([refusal, "a", refusal, "b"], work) == [
        rejected(Code.UNKNOWN_ID, "id: unknown"),
        CREATED,
        rejected(Code.UNKNOWN_ID, "id: unknown"),
        RowResult(RowStatus.UNCHANGED),
    ]
    assert worked == [["a", "b"]]


def test_a_status_and_a_refusal_stand_for_results():
    refusal = LoyaltyError(Code.UNKNOWN_ID, detail="id: unknown")
    assert work_sound(["a", "b"], lambda _rows: [RowStatus.CREATED, refusal]) == [
        RowResult(RowStatus.CREATED),
        rejected(Code.UNKNOWN_ID, "id: unknown"),
    ]
