from datetime import timedelta

import pytest

from loyalty_project.db import checks
from loyalty_project.db.checks import check_clock


@pytest.mark.parametrize(("days", "ids"), [(-400, []), (0, []), (2, ["loyalty_project.W001"])])
def test_a_clock_far_ahead_of_the_databases_is_a_warning(monkeypatch: pytest.MonkeyPatch, days: int, ids: list[str]) -> None:
    monkeypatch.setattr(checks, "clock_lead", lambda: timedelta(days=days))
    assert [message.id for message in check_clock(databases=["default"])] == ids


def test_the_clock_is_not_compared_without_a_database() -> None:
    assert check_clock(databases=None) == []
