"""Forms of configuration, checked by the same description as the organization file, and forms of actions."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Final

from django import forms
from django.db import Error
from django.db.models import QuerySet
from django.forms.utils import pretty_name
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminTextInputWidget

from loyalty_project.protocol.codes import CodeTable
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.numbers import read_plain, read_whole
from loyalty_project.protocol.plain_text import one_line, visible
from organizations.back_office.refusals import refusal_of, sentence_of
from organizations.locations.models import Location, Till
from organizations.organization_file.problems import Problems
from organizations.organization_file.schema import Struct
from organizations.tenancy.models import Organization

MAX_REASON: Final = 250
# A number of so many characters fits every column.
_LONGEST_NUMBER: Final = 18
# What stands in the place of bytes that are not UTF-8.
_UNREADABLE: Final = "\ufffd"


class ReadableTexts(forms.BaseForm):
    """A form in the language of the page.

    It refuses typed texts with characters that could not be read, instead of storing others in their place.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = gettext(str(pretty_name(name) if field.label is None else field.label))
            field.help_text = gettext(str(field.help_text))

    def _clean_fields(self) -> None:
        super()._clean_fields()  # type: ignore[misc]  # not in the stubs
        for name, value in list(self.cleaned_data.items()):
            if isinstance(value, str | list | dict) and _UNREADABLE in str(value) and name in self.changed_data:
                self.add_error(
                    name,
                    gettext("A character could not be read (it is shown as %(unreadable)s). Type it again.")
                    % {"unreadable": _UNREADABLE},
                )


class ConfigurationForm(ReadableTexts, forms.ModelForm):  # type: ignore[type-arg]  # generic for type checkers only
    """A row of the configuration. `section` describes it in the organization file; `words` are the file's keys by attribute.

    `natural_key` is unique in the organization, or with `installation_wide` on the installation. A field that was not sent at
    all keeps its stored value; an unticked box is never sent.
    """

    section: ClassVar[Struct]
    words: ClassVar[Mapping[str, str]] = {"is_active": "active"}
    natural_key: ClassVar[tuple[str, ...]] = ("code",)
    installation_wide: ClassVar[bool] = False
    # Set on the class that the admin makes for each request, and by the admin before it saves.
    organization: ClassVar[Organization | None] = None
    values_before: Mapping[str, Any] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.organization_id is None:
            self.instance.organization = self.organization

    def clean(self) -> dict[str, Any]:
        cleaned = {name: _visible(value) for name, value in (super().clean() or {}).items()}
        if self.instance.pk is not None:
            cleaned |= {name: getattr(self.instance, name) for name in cleaned if self._is_missing(name)}
        self._check_section(cleaned)
        self._check_natural_key(cleaned)
        return cleaned

    def _is_missing(self, name: str) -> bool:
        return hasattr(self.instance, name) and self.fields[name].widget.value_omitted_from_data(
            self.data, self.files, self.add_prefix(name)
        )

    def _check_section(self, cleaned: Mapping[str, Any]) -> None:
        attributes = {self.words.get(name, name): name for name in [*self.fields, *self.natural_key]}
        document = {key: self._written(attributes[key], cleaned) for key in self.section.keys if key in attributes}
        problems = Problems()
        self.section.read({key: value for key, value in document.items() if value not in ("", None)}, "", problems)
        for problem in problems:
            self._add_problem(attributes.get(re.split(r"[.\[]", problem.path)[0]), problem.message)

    def _written(self, name: str, cleaned: Mapping[str, Any]) -> Any:
        value: Any = cleaned.get(name) if name in self.fields else getattr(self.instance, name)
        # Locations and tills are the only rows to choose from; the file names them by code.
        if isinstance(value, QuerySet):
            return [row.code for row in value]
        return value.code if isinstance(value, Location | Till) else value

    def _add_problem(self, name: str | None, message: str) -> None:
        if name not in self.fields:
            name = None
        if name is None or name not in self.errors:
            self.add_error(name, f"{message[:1].upper()}{message[1:]}.")

    def _check_natural_key(self, cleaned: Mapping[str, Any]) -> None:
        key = {name: cleaned[name] for name in self.natural_key if name in cleaned}
        if len(key) < len(self.natural_key):
            return
        # The base manager: a name that is unique on the installation may belong to another organization.
        duplicates = type(self.instance)._base_manager.filter(**key).exclude(pk=self.instance.pk)
        if not self.installation_wide:
            duplicates = duplicates.filter(organization=self.organization)
        if duplicates.exists():
            self._add_problem(self.natural_key[-1], gettext("is taken already"))


def _visible(value: Any) -> Any:
    """The value without invisible characters in its texts."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, list):
        return [_visible(item) for item in value]
    return {_visible(key): _visible(item) for key, item in value.items()} if isinstance(value, dict) else value


class ActionForm(ReadableTexts, forms.Form):
    """A form that does something. A subclass calls its service in `act`; a refusal is shown on the form.

    `refusals` are the exceptions of the service whose text is shown: at the field that their attribute `field` names, else
    above the form. `constraints` has the codes of violated constraints, `sentences` what codes mean on this form.
    """

    refusals: ClassVar[tuple[type[Exception], ...]] = ()
    constraints: ClassVar[Mapping[str, CodeTable]] = {}
    sentences: ClassVar[Mapping[CodeTable, str]] = {}

    def act(self) -> None:
        """Do what the form asks for."""
        raise NotImplementedError

    def field_of(self, code: CodeTable) -> str | None:  # noqa: ARG002 - for subclasses
        """The field at which a refusal is shown; None: above the form."""
        return None

    def run(self) -> bool:
        """Do what a valid form asks for. False if it was not sent, is not valid, or the service refused."""
        return self.is_valid() and self.attempt(self.act)

    def attempt(self, work: Callable[[], None]) -> bool:
        """Call `work`; a refusal becomes an error of this valid form. False if it was refused."""
        try:
            work()
        except self.refusals as refusal:
            self.add_error(getattr(refusal, "field", "") or None, str(refusal))
        except (LoyaltyError, Error) as error:
            code = refusal_of(error, self.constraints)
            self.add_error(self.field_of(code), sentence_of(code, self.sentences))
        return self.is_valid()


class LineField(forms.CharField):
    """A line of text, trimmed. Invisible characters, such as direction overrides, are removed; blanks become single spaces.

    Text that is too long is refused. Browsers would cut it in silence, so the widget has no `maxlength`.
    """

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        # NUL is left to Django's validator, which refuses it.
        return one_line(text) if isinstance(text, str) and "\0" not in text else text

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


class ReasonField(LineField):
    """The reason for an action, one line that is stored; `help_text` says where."""

    def __init__(self, *, help_text: str, **kwargs: Any) -> None:
        widget = UnfoldAdminTextInputWidget()
        super().__init__(max_length=MAX_REASON, widget=widget, help_text=help_text, **kwargs)


class DayInput(UnfoldAdminTextInputWidget):
    """The browser's own choice of a day, which needs no script."""

    input_type = "date"

    def format_value(self, value: Any) -> str | None:
        return value.isoformat() if isinstance(value, date) else super().format_value(value)


class NumberField(LineField):
    """A decimal number in plain digits, as `12`, `-3.5` or `1250`; no exponents, group separators or other digits."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not isinstance(text, str) or not text:
            return None
        # Minus signs of word processors mean the same.
        plain = text.replace("\u2212", "-").replace("\u2013", "-")
        number = read_plain(plain) if len(plain) <= _LONGEST_NUMBER else None
        if number is None:
            raise forms.ValidationError(gettext("Enter a number in plain digits, such as 250 or -12.5."))
        return number

    def prepare_value(self, value: Any) -> Any:
        return format(value, "f") if isinstance(value, Decimal) else value


class WholeNumberField(forms.IntegerField):
    """A whole number in digits 0 to 9. Django's own field also takes those of other scripts, and `1_000`."""

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str) and value.strip() and read_whole(value.strip()) is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class LinesField(forms.CharField):
    """A list of texts, one per line. Blank lines are ignored."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(list(initial or []) != self.to_python(data))


class NamedLinesField(forms.CharField):
    """A mapping of texts, one `key: text` per line."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{key}: {text}" for key, text in sorted(value.items())) if isinstance(value, dict) else value

    def to_python(self, value: Any) -> Any:
        pairs: dict[str, str] = {}
        for line in (super().to_python(value) or "").splitlines():
            key, colon, text = (part.strip() for part in line.partition(":"))
            if not key and not colon:
                continue
            if not (key and colon and text):
                raise forms.ValidationError(gettext("Write one per line, like “hi: शहर”. Not so: %(line)s") % {"line": line})
            pairs[key] = text
        return pairs

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(dict(initial or {}) != self.to_python(data))
        except forms.ValidationError:
            return True
