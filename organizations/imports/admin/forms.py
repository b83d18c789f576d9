"""Forms of imports: the file to upload, and the choice of its columns."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext, gettext_noop
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from loyalty_project.imports.columns import IDENTIFIERS, FileColumns
from loyalty_project.upload_tickets import MAX_FILE_BYTES
from organizations.audit.actors import Actor
from organizations.back_office.forms import ActionForm
from organizations.imports.kinds import ImportKind, columns_of
from organizations.imports.models import UploadedFile
from organizations.imports.uploads import UploadRefusedError, choose_columns, sample_of, store_upload

_EXISTING: Final = (
    ("update", "Update them with what the file has"),
    ("skip", gettext_noop("Leave them as they are")),
    ("reject", gettext_noop("Refuse their rows")),
)
_LEAVE_OUT: Final = ("", gettext_noop("Leave out"))
_MEGABYTES: Final = MAX_FILE_BYTES >> 20


class OptionsForm(ActionForm):
    """The options that a kind of file has."""

    on_existing = forms.ChoiceField(
        label="Customers who are registered already", choices=_EXISTING, initial="update", widget=UnfoldAdminRadioSelectWidget
    )

    def __init__(self, *args: Any, kind: ImportKind, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.by = kind, by
        if not kind.knows_existing:
            del self.fields["on_existing"]

    @property
    def options(self) -> dict[str, str]:
        """The options of the command."""
        return {"on_existing": self.cleaned_data["on_existing"]} if self.kind.knows_existing else {}


class UploadForm(ActionForm):
    """A file to import. `problem` is why it did not arrive."""

    refusals = (UploadRefusedError,)

    file = forms.FileField(
        label="File",
        widget=forms.FileInput(attrs={"accept": ".csv,.gz,text/csv", "data-most-bytes": MAX_FILE_BYTES, "class": "bo-file"}),
        help_text=f"CSV in UTF-8 with commas and a header row, at most {_MEGABYTES} MB; also packed as .gz.",
    )

    stored: UploadedFile

    def __init__(self, *args: Any, kind: ImportKind, by: Actor, problem: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.by = kind, by
        messages = self.fields["file"].error_messages
        messages["required"] = messages["missing"] = problem or gettext("Choose a file.")
        messages["empty"] = gettext("The file is empty: it has no header row.")

    def act(self) -> None:
        file = self.cleaned_data["file"]
        self.stored = store_upload(file.file, filename=file.name, kind=self.kind, by=self.by)


class ColumnsForm(OptionsForm):
    """A choice of our columns for each column of a file. `page` numbers them in the order of the file."""

    refusals = (UploadRefusedError,)

    def __init__(self, *args: Any, uploaded: UploadedFile, kind: ImportKind, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, kind=kind, by=by, initial=uploaded.options, **kwargs)
        self.uploaded = uploaded
        self.expected = columns_of(kind, by)
        self.samples = sample_of(uploaded)
        for index, name in enumerate(uploaded.columns):
            guess = uploaded.mapped[index]
            self.fields[_field(index)] = forms.ChoiceField(
                label=name or gettext("column %(index)s") % {"index": index + 1},
                choices=_choices(self.expected, name),
                required=False,
                initial=guess,
                widget=UnfoldAdminSelectWidget(
                    attrs={"aria-label": gettext("Our column for %(name)s") % {"name": name or index + 1}}
                ),
            )

    def rows(self) -> Iterator[dict[str, Any]]:
        """For each column of the file: its name, its first cells, and the field of the choice."""
        for index, name in enumerate(self.uploaded.columns):
            cells = self.samples[index] if index < len(self.samples) else []
            yield {
                "name": name or gettext("column %(index)s") % {"index": index + 1},
                "cells": [cell for cell in cells if cell],
                "field": self[_field(index)],
            }

    def act(self) -> None:
        mapped = [self.cleaned_data[_field(index)] for index in range(len(self.uploaded.columns))]
        choose_columns(self.uploaded.pk, mapped, options=self.options, by=self.by)


def needed_columns(expected: FileColumns) -> str:
    """The columns that a file must have, in words."""
    needed = [column_title(column) for column in expected.required]
    if expected.any_of:
        needed.append(gettext("one of %(column_title)s") % {"column_title": ", ".join(map(column_title, expected.any_of))})
    return ", ".join(needed)


def column_title(column: str) -> str:
    """A column of ours in words: "Billing time", "Boot size (custom)"."""
    category, dot, name = column.partition(".")
    if dot:
        return f"{name} ({category})"
    return _TITLES.get(column) or column.replace("_", " ").capitalize()


_TITLES: Final[Mapping[str, str]] = {
    "email": "E-mail",
    "external_id": gettext_noop("External id"),
    "id": gettext_noop("Customer id (ours)"),
    "firstname": gettext_noop("First name"),
    "lastname": gettext_noop("Last name"),
    "ndnc_status": gettext_noop("NDNC status"),
    "item_sku": gettext_noop("Item code (SKU)"),
    "img_url": gettext_noop("Picture (address)"),
    "nps_score": gettext_noop("NPS score"),
    "sms_trans": gettext_noop("SMS: about purchases (1 or 0)"),
    "sms_bulk": gettext_noop("SMS: advertising (1 or 0)"),
    "email_trans": gettext_noop("E-mail: about purchases (1 or 0)"),
    "email_bulk": gettext_noop("E-mail: advertising (1 or 0)"),
}


def _field(index: int) -> str:
    return f"column_{index}"


def _choices(expected: FileColumns, name: str) -> list[tuple[str, str]]:
    free = tuple(expected.prefixes)
    needed = {*expected.required}
    known = [*expected.known, *([name] if free and name.startswith(free) and name not in expected.known else [])]
    first = [column for column in known if column in needed]
    identifiers = [column for column in known if column in IDENTIFIERS and column not in needed]
    others = [column for column in known if column not in needed and column not in IDENTIFIERS]
    marked = [(column, f"{column_title(column)} *") for column in first]
    return [_LEAVE_OUT, *marked, *((column, column_title(column)) for column in (*identifiers, *others))]
