"""Forms of parts of the organization file: made from its schema, in groups, with the problems of the file at their fields."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms

from organizations.audit.actors import Actor
from organizations.back_office.forms import ActionForm
from organizations.back_office.schema_forms import Wording, document_of, fields_of, initial_of, plain_path
from organizations.organization_file.editing import Edit, EditableSection, check_edit, digest_of, refuse_if_moved, save_edit
from organizations.organization_file.problems import OrganizationFileError, Problem
from organizations.organization_file.schema import Struct, Variants

# Titles of groups with the paths of their fields. A path has what is below it; with a star all that begins so.
Groups = Mapping[str, Sequence[str]]
_LAST_STEP: Final = re.compile(r"(\[\d+\]|\.[^.\[]*)\Z")


class FileForm(ActionForm):
    """A form that changes a part of the organization file. A problem is shown at the field of its path, else above the form.

    `state` is that of the part when the form is made: its `change` refuses a form that was opened for another one.
    """

    state: str = ""

    @property
    def of(self) -> str:
        """The state for which the form was opened, which is sent with it. A form that was sent keeps its own."""
        return str(self.data.get("of", "")) if self.is_bound else self.state

    def change(self) -> None:
        """Make the change. Raises `OrganizationFileError`."""
        raise NotImplementedError

    def path_of(self, problem: Problem) -> str:
        """The path of a problem within the form."""
        return problem.path

    def act(self) -> None:
        try:
            self.change()
        except OrganizationFileError as error:
            for problem in error.problems:
                message = f"{problem.message[:1].upper()}{problem.message[1:]}."
                name = self._field_at(self.path_of(problem))
                if name:
                    self.add_error(name, message)
                else:
                    self.add_error(None, f"{problem.path}: {message}" if problem.path else message)

    def _field_at(self, path: str) -> str:
        """The field of a path, or of the list or mapping that it is in; "" if there is none."""
        while path and path not in self.fields:
            shorter = _LAST_STEP.sub("", path)
            path = "" if shorter == path else shorter
        return path


class SchemaForm(FileForm):
    """A form made from a schema, in groups."""

    def make_fields(self, struct: Struct | Variants, value: Mapping[str, Any], *, groups: Groups, wording: Wording) -> None:
        """Make the fields of `struct` with the values of `value`."""
        self.struct, self.value, self.wording = struct, value, wording
        self.fields.update(fields_of(struct, value, wording))
        self.initial = {**initial_of(struct, value), **self.initial}
        self._groups = groups

    def typed(self) -> dict[str, Any]:
        """What was typed, as the file has it."""
        return document_of(self.struct, self.cleaned_data, self.value, self.wording)

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField], bool]]:
        """Groups of fields with their titles; the last is true if any of the group's fields has a value or an error."""
        return [
            (title, fields, any(self._says_something(field) for field in fields) or number < 2)
            for number, (title, paths) in enumerate(self._groups.items())
            if (fields := [self[name] for name in self.fields if belongs(name, paths)])
        ]

    @staticmethod
    def _says_something(field: forms.BoundField) -> bool:
        return bool(field.errors) or field.value() not in (None, "", [], {}, False)


class RowForm(SchemaForm):
    """The row of a section called `name`, or a new one with "". Run, it checks the change; once confirmed, it saves it."""

    def __init__(
        self,
        *args: Any,
        editable: EditableSection,
        name: str,
        value: Mapping[str, Any],
        groups: Groups,
        wording: Wording,
        by: Actor,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.editable, self.name, self.by = editable, name, by
        self.state = digest_of(value)
        self.edit: Edit | None = None
        self.make_fields(editable.struct, value, groups=groups, wording=wording)

    @property
    def is_confirmed(self) -> bool:
        """True if the form was sent by the page that says what it changes."""
        return "confirmed" in self.data

    def change(self) -> None:
        if self.is_confirmed:
            self.edit = save_edit(self.editable, self.typed(), name=self.name, seen=self.of, by=self.by)
        else:
            edit = check_edit(self.editable, self.typed(), name=self.name, organization=self.by.organization)
            refuse_if_moved(edit, self.of)
            self.edit = edit


def belongs(name: str, paths: Sequence[str]) -> bool:
    """True if the field of that name is at one of these paths, or below it."""
    plain = plain_path(name)
    return any(
        plain.startswith(path[:-1]) if path.endswith("*") else plain == path or plain.startswith(f"{path}.") for path in paths
    )
