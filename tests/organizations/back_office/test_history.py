"""The audit in words."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from customers.profile.models import Customer
from organizations.audit.models import AuditEntry
from organizations.back_office.history import ChangeRow, actor_label, field_names, history_rows, value_label
from organizations.tenancy.models import Organization
from tests.factories.fields import FieldFactory


def entry(old: dict[str, object], new: dict[str, object], source: str = AuditEntry.Source.BACK_OFFICE) -> AuditEntry:
    return AuditEntry(
        at=datetime(2026, 1, 1, tzinfo=UTC), source=source, actor="staff:asha", action="changed", old=old, new=new
    )


def test_changes_are_listed_one_by_one_with_field_names() -> None:
    rows = history_rows(
        [
            entry(
                {"email": "a@example.com", "field_values": {"7": "Leeds", "8": "same"}},
                {"email": "b@example.com", "field_values": {"7": "York", "8": "same", "9": ["Red", "Blue"]}, "active": False},
            )
        ],
        {"field_values.7": "city"},
    )
    assert rows[0].who == "asha (staff)"
    assert rows[0].source == "back office"
    assert rows[0].changes == [
        ChangeRow("email", "a@example.com", "b@example.com"),
        ChangeRow("city", "Leeds", "York"),
        ChangeRow("9", "", "Red, Blue"),
        ChangeRow("active", "", "no"),
    ]


def test_a_mapping_may_come_or_go_whole() -> None:
    (row,) = history_rows([entry({"flags": {"A": 1}}, {"flags": None}, AuditEntry.Source.API)], {})
    assert row.source == "API"
    assert row.changes == [ChangeRow("A", "1", "")]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ""),
        ([], ""),
        (True, "yes"),
        (0, "0"),
        ([{"b": 1, "a": "é"}, "x"], '{"a": "é", "b": 1}, x'),
        ("2026-01-01T10:00:00+00:00", "2026-01-01 15:30:00"),
        ("2026-01-01T10:00:00", "2026-01-01T10:00:00"),
        ("Till 1", "Till 1"),
    ],
)
def test_values_are_described_in_words(value: object, words: str) -> None:
    with timezone.override(ZoneInfo("Asia/Kolkata")):
        assert value_label(value) == words


def test_an_actor_without_a_kind_is_shown_as_stored() -> None:
    assert actor_label("migration") == "migration"


def test_fields_are_named_by_their_path(organization: Organization) -> None:
    field = FieldFactory(organization=organization, name="city")
    assert field_names() == {f"field_values.{field.pk}": "city"}


def test_values_of_choices_are_shown_by_their_labels(organization: Organization) -> None:
    changed = entry({"type": "NON_LOYALTY"}, {"type": "LOYALTY", "firstname": "LOYALTY"})
    changed.object_type = "customer"
    (row,) = history_rows([changed], {})
    labels = dict(Customer.Type.choices)
    assert row.changes == [
        ChangeRow("type", str(labels["NON_LOYALTY"]), str(labels["LOYALTY"])),
        ChangeRow("firstname", "", "LOYALTY"),
    ]
