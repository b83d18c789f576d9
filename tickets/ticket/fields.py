"""Fields of tickets: a part of the organization's configuration, and the values that callers and files state."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from customers.profile.field_values import FieldValue, NotAnOptionError, WrongTypeError, read_value
from customers.profile.text import fold, fold_given
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from organizations.fields.models import FieldDefinition

CATEGORY: Final = FieldDefinition.Category.TICKET


class TicketFields:
    """The active fields of tickets, in their order."""

    def __init__(self, definitions: Iterable[FieldDefinition]) -> None:
        self.definitions: Sequence[FieldDefinition] = tuple(definitions)
        self._exact = {definition.name: definition for definition in self.definitions}
        self._folded = {fold(definition.name): definition for definition in reversed(self.definitions)}

    def named(self, name: str) -> FieldDefinition | None:
        """The field of that name; case is ignored unless a field has the exact name."""
        return self._exact.get(name) or self._folded.get(fold_given(name) or "")

    def read(self, given: Iterable[tuple[str, str]], notices: list[Notice]) -> dict[str, FieldValue]:
        """Canonical values by field id of pairs of name and text; blank texts are not supplied.

        What cannot be stored is left out with a warning: 1017 for an unknown field or option, 1018 for a value of another type
        (docs/protocol.md 3).
        """
        values: dict[str, FieldValue] = {}
        for name, text in given:
            definition = self.named(name)
            try:
                if text and definition is None:
                    raise NotAnOptionError
                if text and definition is not None:
                    values[str(definition.pk)] = read_value(text, definition)
            except NotAnOptionError:
                notices.append(Notice(Code.INVALID_CUSTOM_FIELD, key=name))
            except WrongTypeError:
                notices.append(Notice(Code.CUSTOM_FIELD_NOT_SAVED, key=name))
        return values

    def missing(self, values: Mapping[str, FieldValue]) -> list[FieldDefinition]:
        """The mandatory fields without a value."""
        return [definition for definition in self.definitions if definition.is_mandatory and str(definition.pk) not in values]


def load_ticket_fields() -> TicketFields:
    """The active fields of the scope's organization: one query."""
    return TicketFields(FieldDefinition.objects.filter(category=CATEGORY, is_active=True))
