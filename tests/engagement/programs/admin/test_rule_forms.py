"""Forms made from the schema of a program: what they show of a rule is what they send."""

from pathlib import Path
from typing import Any, Final

import pytest
from django import forms
from django.http import QueryDict

from engagement.programs.admin.rule_forms import PARTS, SETTINGS
from engagement.programs.admin.rule_wording import LABELS, wording_of
from engagement.programs.file_schema import PROGRAM
from organizations.back_office.schema_forms import document_of, fields_of, initial_of, keys_of, plain_path
from organizations.organization_file.problems import Problems
from organizations.organization_file.reading import read_document
from organizations.organization_file.schema import Struct, Variants
from organizations.tenancy.models import Organization
from tests.factories.organization_files import whole

ROOT: Final = Path(__file__).parents[4]
pytestmark = pytest.mark.django_db


def programs() -> list[dict[str, Any]]:
    """Programs of files that use everything that a program may say, in their shortest form."""
    rows = list(whole()["programs"])
    for path in ("demo/harbour.yaml", "tests/engagement/tiers/cdnow/programs.yaml"):
        document = read_document((ROOT / path).read_bytes())
        for part in [document["programs"]] if "programs" in document else document.values():
            rows += part
    problems = Problems()
    shown = [PROGRAM.show(PROGRAM.read(row, "", problems)) for row in rows]
    assert problems == []
    return shown


def through_a_form(struct: Struct | Variants, value: dict[str, Any], rules: dict[str, Any]) -> Any:
    """The value as a browser sends it back, in its shortest form."""
    wording = wording_of(rules)
    fields = fields_of(struct, value, wording)
    shown = type("Shown", (forms.Form,), dict(fields))(initial=initial_of(struct, value))
    data = QueryDict(mutable=True)
    for name in fields:
        typed = shown[name].value()
        if typed not in (None, "", False):
            data.setlist(
                name,
                [
                    str(each)
                    for each in (
                        typed if isinstance(typed, list) and _is_choice(fields[name]) else [_text(fields[name], typed)]
                    )
                ],
            )
    sent = type("Sent", (forms.Form,), dict(fields_of(struct, value, wording)))(data)
    assert sent.is_valid(), sent.errors
    problems = Problems()
    read = struct.read(document_of(struct, sent.cleaned_data, value, wording), "", problems)
    assert problems == []
    return struct.show(read)


def _is_choice(field: forms.Field) -> bool:
    return isinstance(field, forms.MultipleChoiceField)


def _text(field: forms.Field, value: Any) -> Any:
    return field.prepare_value(value)


def test_every_rule_of_every_part_survives_its_form(organization: Organization) -> None:
    seen: set[str] = set()
    for rules in programs():
        for part in PARTS.values():
            for rule in rules.get(part.name, ()):
                assert through_a_form(part.struct, rule, rules) == rule
                seen.add(part.name)
        settings = {name: rules[name] for name in SETTINGS.keys if name in rules}
        assert through_a_form(SETTINGS, settings, rules) == settings
    assert seen == PARTS.keys()


def test_every_field_has_a_label_and_belongs_to_one_group(organization: Organization) -> None:
    for part in PARTS.values():
        paths = {plain_path(name) for name in fields_of(part.struct, {}, wording_of({}))}
        assert paths <= LABELS.keys(), paths - LABELS.keys()
    assert {plain_path(name) for name in fields_of(SETTINGS, {}, wording_of({}))} <= LABELS.keys()


def test_a_mapping_with_variants_has_the_keys_of_all(organization: Organization) -> None:
    tracker = PARTS["trackers"].struct
    assert list(keys_of(tracker)) == ["name", "type", "mode", "days", "every_days", "from", "period"]
    typed = {"name": "x", "type": "BILL_AMOUNT", "mode": "TIER_CHANGE_WINDOW", "days": 3, "period": "year"}
    # What another mode asks for is left out.
    assert document_of(tracker, typed, {}, wording_of({})) == {"name": "x", "type": "BILL_AMOUNT", "mode": "TIER_CHANGE_WINDOW"}
