"""Segments, user groups, statuses and pictures of the demo's customers."""

from collections import Counter
from datetime import date

from demo.classifications import demo_classifications
from demo.customers import demo_items

TODAY = date(2026, 3, 1)


def test_classifications_are_the_same_at_every_run() -> None:
    items = demo_items(today=TODAY)
    classifications = demo_classifications(items, today=TODAY)
    assert classifications == demo_classifications(items, today=TODAY)
    cycles = Counter(classification.partitions.get("lifecycle") for classification in classifications)
    bands = Counter(classification.partitions.get("spend-band") for classification in classifications)
    assert set(cycles) == {"new", "active", "lapsing", "lapsed", None}
    assert set(bands) == {"low", "mid", "high", None}
    labels = {"", "Good standing", "On hold", "Under review", "Closed for fraud", "Colleague"}
    assert {classification.label for classification in classifications} == labels
    assert all(classification.reason for classification in classifications if classification.label)
    assert any(classification.picture for classification in classifications)
    roles = Counter(role for classification in classifications for role in classification.roles.items())
    assert roles["PADDLE-CLUB", "MEMBER"] > 5
    assert [count for (_, role), count in roles.items() if role == "PRIMARY"] == [1, 1, 1]
