"""Counting rows."""

from loyalty_project.api.codes import Code
from loyalty_project.api.errors import LoyaltyError, Notice
from loyalty_project.imports.outcomes import Fate, Outcome, Tally, rejected, work_sound


def test_every_row_is_counted_once_and_warnings_by_their_text():
    warned = Outcome(Fate.CREATED, warnings=[Notice(Code.VALIDATION_FAILED), Notice(Code.VALIDATION_FAILED)])
    tally = Tally(created=1, warnings={"91003 Validation failed": 1}).plus(
        [warned, Outcome(Fate.UPDATED), Outcome(Fate.UNCHANGED), rejected(Code.INVALID_MOBILE)]
    )
    assert str(tally) == "created=2 updated=1 unchanged=1 rejected=1"
    assert tally.warnings == {"91003 Validation failed": 3}


def test_sound_rows_are_worked_together_and_the_others_rejected_in_their_places():
    worked: list[list[str]] = []

    def work(rows):
        worked.append(list(rows))
        return [Outcome(Fate.CREATED), Outcome(Fate.UNCHANGED)]

    refusal = LoyaltyError(Code.UNKNOWN_ID)
    assert work_sound([refusal, "a", refusal, "b"], work) == [
        rejected(Code.UNKNOWN_ID),
        Outcome(Fate.CREATED),
        rejected(Code.UNKNOWN_ID),
        Outcome(Fate.UNCHANGED),
    ]
    assert worked == [["a", "b"]]
