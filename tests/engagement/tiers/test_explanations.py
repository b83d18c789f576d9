"""Which sentence explains a change of a tier?"""

from typing import Any

import pytest

from engagement.tiers.explanations import explain_change
from engagement.tiers.models import TierChange


def change(kind: str, cause: str = "RULES", note: str = "", **figures: Any) -> str:
    return explain_change(TierChange(kind=kind, cause=cause, note=note, explanation=figures))


def compared(based_on: str, value: str, threshold: str, **more: str) -> dict[str, str]:
    return {"based_on": based_on, "value": value, "threshold": threshold, **more}


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        (compared("CUMULATIVE_PURCHASES", "891", "750"), "Purchases of 891.00 in all; 750 are needed."),
        (compared("PURCHASE", "1200.5", "1000"), "Purchases of 1,200.50; 1,000 are needed."),
        (compared("LIFETIME_POINTS", "60", "50"), "60 points earned in all; 50 are needed."),
        (compared("CURRENT_POINTS", "1", "1"), "1 point at once; 1 is needed."),
        (compared("POINTS", "0", "5"), "0 points earned; 5 are needed."),
        (compared("VISITS", "2", "1"), "2 visits; 1 is needed."),
        (compared("TRACKER", "300", "250", tracker="quarter"), "300 by the tracker quarter; 250 are needed."),
    ],
)
def test_an_upgrade_says_what_there_is_and_what_is_needed(figures: dict[str, str], sentence: str) -> None:
    assert change("UPGRADE", conditions=[figures]) == sentence


def test_each_condition_has_a_sentence_of_its_own() -> None:
    conditions = [compared("PURCHASE", "891", "750"), compared("VISITS", "1", "3")]
    assert change("UPGRADE", conditions=conditions) == "Purchases of 891.00; 750 are needed. 1 visit; 3 are needed."


@pytest.mark.parametrize(
    ("kind", "begin", "without_figures"),
    [
        ("DOWNGRADE", "Not enough to keep it when its validity ended.", "Its validity ended."),
        ("RENEW", "Renewed after its validity.", "Renewed after its validity. Nothing is needed to keep it."),
    ],
)
def test_an_end_of_validity_says_what_became_of_the_tier(kind: str, begin: str, without_figures: str) -> None:
    visits = compared("VISITS", "1", "3")
    assert change(kind, conditions=[visits]) == f"{begin} 1 visit; 3 are needed."
    assert change(kind) == without_figures


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        ("STAFF", "Set by a member of staff"),
        ("IMPORT", "Brought in by an import"),
        ("MERGE", "Came with a merged customer"),
    ],
)
def test_a_change_from_outside_names_its_cause(cause: str, reason: str) -> None:
    assert change("UPGRADE", cause, "old system") == f"{reason} (old system)."
