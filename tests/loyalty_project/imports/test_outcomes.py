"""Counting rows."""

from loyalty_project.api.codes import Code
from loyalty_project.api.errors import Notice
from loyalty_project.imports.outcomes import Fate, Outcome, Tally, rejected


def test_every_row_is_counted_once_and_warnings_by_their_text():
    warned = Outcome(Fate.CREATED, warnings=[Notice(Code.VALIDATION_FAILED), Notice(Code.VALIDATION_FAILED)])
    tally = Tally(created=1, warnings={"91003 Validation failed": 1}).plus(
        [warned, Outcome(Fate.UPDATED), Outcome(Fate.UNCHANGED), rejected(Code.INVALID_MOBILE)]
    )
    assert str(tally) == "created=2 updated=1 unchanged=1 rejected=1"
    assert tally.warnings == {"91003 Validation failed": 3}
