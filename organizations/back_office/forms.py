"""How is configuration typed in? As in the organization file: one description of a section checks forms and documents."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django import forms
from django.db.models import QuerySet
from unfold.widgets import UnfoldAdminTextInputWidget

from organizations.locations.models import Location, Till
from organizations.organization_file.problems import Problems
from organizations.organization_file.schema import Struct
from organizations.tenancy.models import Organization

MAX_REASON: Final = 250


class ConfigurationForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for type checkers only
    """A row of the configuration. `section` is its description in the organization file, `words` the file's keys by attribute.

    `natural_key` is what no two rows share: in the organization, or with `installation_wide` on the installation.
    """

    section: ClassVar[Struct]
    words: ClassVar[Mapping[str, str]] = {"is_active": "active"}
    natural_key: ClassVar[tuple[str, ...]] = ("code",)
    installation_wide: ClassVar[bool] = False
    # Set on the class that the admin makes for each request, and by the admin before it saves.
    organization: ClassVar[Organization | None] = None
    told_before: Mapping[str, Any] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.organization_id is None:
            self.instance.organization = self.organization

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._check_section(cleaned)
        self._check_natural_key(cleaned)
        return cleaned

    def _check_section(self, cleaned: Mapping[str, Any]) -> None:
        attributes = {self.words.get(name, name): name for name in [*self.fields, *self.natural_key]}
        document = {key: self._said(attributes[key], cleaned) for key in self.section.keys if key in attributes}
        problems = Problems()
        self.section.read({key: value for key, value in document.items() if value not in ("", None)}, "", problems)
        for problem in problems:
            self._tell(attributes.get(re.split(r"[.\[]", problem.path)[0]), problem.message)

    def _said(self, name: str, cleaned: Mapping[str, Any]) -> Any:
        value: Any = cleaned.get(name) if name in self.fields else getattr(self.instance, name)
        # Locations and tills, the only rows that are chosen, are named by their codes.
        if isinstance(value, QuerySet):
            return [one.code for one in value]
        return value.code if isinstance(value, Location | Till) else value

    def _tell(self, name: str | None, message: str) -> None:
        if name not in self.fields:
            name = None
        if name is None or name not in self.errors:
            self.add_error(name, f"{message[:1].upper()}{message[1:]}.")

    def _check_natural_key(self, cleaned: Mapping[str, Any]) -> None:
        key = {name: cleaned[name] for name in self.natural_key if name in cleaned}
        if len(key) < len(self.natural_key):
            return
        # The base manager, because a name that is unique on the installation may be another organization's.
        twins = type(self.instance)._base_manager.filter(**key).exclude(pk=self.instance.pk)
        if not self.installation_wide:
            twins = twins.filter(organization=self.organization)
        if twins.exists():
            self._tell(self.natural_key[-1], "is taken already")


class ReasonField(forms.CharField):
    """Why somebody does it, in a line that is kept: `help_text` says where."""

    def __init__(self, *, help_text: str, **kwargs: Any) -> None:
        widget = UnfoldAdminTextInputWidget()
        super().__init__(max_length=MAX_REASON, widget=widget, help_text=help_text, **kwargs)


class LinesField(forms.CharField):
    """A list of texts, one a line. Blank lines count for nothing."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(list(initial or []) != self.to_python(data))


class NamedLinesField(forms.CharField):
    """A mapping of texts, one `key: text` a line."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{key}: {text}" for key, text in sorted(value.items())) if isinstance(value, dict) else value

    def to_python(self, value: Any) -> Any:
        pairs: dict[str, str] = {}
        for line in (super().to_python(value) or "").splitlines():
            key, colon, text = (part.strip() for part in line.partition(":"))
            if not key and not colon:
                continue
            if not (key and colon and text):
                raise forms.ValidationError(f"One a line, like “hi: शहर”. This is none: {line}")
            pairs[key] = text
        return pairs

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(dict(initial or {}) != self.to_python(data))
        except forms.ValidationError:
            return True
