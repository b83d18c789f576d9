"""Fields in the back office."""

import pytest
from django.test import Client

from organizations.audit.models import AuditEntry
from organizations.fields.models import FieldDefinition
from organizations.tenancy.models import Organization
from tests.back_office import errors_of, filled_form, list_of, page_of
from tests.factories.fields import FieldFactory

ADD = "/admin/organizations/fielddefinition/add/"
FIELDS = "organizations_fielddefinition"


def test_options_and_labels_are_typed_one_a_line(administrator: Client) -> None:
    form = filled_form(
        administrator,
        ADD,
        category="custom",
        name="Hobbies",
        type="multi",
        options="Playing\n\n Singing ",
        labels="hi: शौक\n\nfr: Loisirs",
        is_mandatory="on",
    )
    assert administrator.post(ADD, form).status_code == 302
    field = FieldDefinition.objects.get()
    assert field.options == ["Playing", "Singing"]
    assert field.labels == {"hi": "शौक", "fr": "Loisirs"}
    assert field.is_mandatory
    page = filled_form(administrator, page_of(FIELDS, field))
    assert (page["options"], page["labels"]) == ("Playing\nSinging", "fr: Loisirs\nhi: शौक")
    assert "Hobbies" in administrator.get(list_of(FIELDS)).content.decode()


def test_saving_again_changes_nothing(administrator: Client, organization: Organization) -> None:
    field = FieldFactory(organization=organization, name="Hobbies", type="multi", options=["Playing"], labels={"hi": "शौक"})
    page = page_of(FIELDS, field)
    administrator.post(page, filled_form(administrator, page))
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({"type": "enum"}, {"options": ["Is required for enum."]}),
        ({"type": "text", "options": "A"}, {"options": ["Does not go with text."]}),
        ({"type": "enum", "options": "A\nA"}, {"options": ["'A' stands here twice."]}),
        ({"type": "date", "max_length": 5}, {"max_length": ["Does not go with date."]}),
        ({"type": "text", "max_length": "1_000"}, {"max_length": ["Enter a whole number."]}),
        ({"type": "text", "max_length": 5000}, {"max_length": ["Must be from 1 to 2000."]}),
        (
            {"type": "text", "labels": "no colon"},
            {"labels": ["Write one per line, like “hi: शहर”. Not so: no colon"]},
        ),
        ({"type": "text", "labels": "1: one"}, {"labels": ["Must be a language code, like en or pt-BR."]}),
    ],
)
def test_a_field_must_fit_together(administrator: Client, typed: dict[str, str], errors: dict[str, list[str]]) -> None:
    form = filled_form(administrator, ADD, category="custom", name="Hobbies", **typed)
    assert errors_of(administrator.post(ADD, form)) == errors


def test_a_name_is_unique_in_its_category(administrator: Client, organization: Organization) -> None:
    FieldFactory(organization=organization, name="city")
    form = filled_form(administrator, ADD, category="custom", name="city", type="text")
    assert errors_of(administrator.post(ADD, form)) == {"name": ["Is taken already."]}
    form = filled_form(administrator, ADD, category="extended", name="city", type="text")
    assert administrator.post(ADD, form).status_code == 302
