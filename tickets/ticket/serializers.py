"""Tickets on the wire: read from the `ticket` of an item, and printed (docs/protocol.md 4.10).

A serializer's context has the organization's `choices` and `fields` of tickets; to read, also a list `notices` for warnings.
"""

import json
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from customers.details.payloads import field_rows
from customers.profile.field_values import FieldValue
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import write_moment
from loyalty_project.protocol.plain_text import one_line, visible
from loyalty_project.protocol.values import Item, optional, rows, text
from tickets.choices.catalog import Kind
from tickets.ticket.fields import CATEGORY
from tickets.ticket.models import LONGEST_NAME, LONGEST_SUBJECT, LONGEST_TEXT, Ticket
from tickets.ticket.rules import TicketInput, subject_key


class WireField(serializers.Field[str, str, str, Any]):
    """Text of an item. Blank text, null and 0 are not supplied (docs/protocol.md 1.3, 7)."""

    default_error_messages = {"max_length": "Too long", "invalid_choice": "Not a choice"}

    def __init__(self, *, most: int = 0, **options: Any) -> None:
        super().__init__(required=False, **options)
        self.most = most

    def get_value(self, dictionary: Mapping[str, Any]) -> Any:
        """The text. Raises `LoyaltyError` 400 for an object or a list."""
        return optional(dictionary, str(self.field_name)) or empty

    def to_internal_value(self, data: str) -> str:
        if self.most and len(data) > self.most:
            self.fail("max_length")
        return data

    def to_representation(self, value: str) -> str:
        return value


class LineField(WireField):
    """A line of text without invisible characters."""

    def to_internal_value(self, data: str) -> str:
        return super().to_internal_value(one_line(data))


class SubjectField(LineField):
    """A line of text; one that consists of invisible characters is not supplied."""

    def to_internal_value(self, data: str) -> str:
        line = super().to_internal_value(data)
        return line if subject_key(line) else ""


class LinesField(WireField):
    """Text of several lines without invisible characters."""

    def to_internal_value(self, data: str) -> str:
        return super().to_internal_value(visible(data).strip())


class ChoiceField(WireField):
    """A word of a fixed list, in any case; printed in upper case."""

    def __init__(self, words: list[str], **options: Any) -> None:
        super().__init__(**options)
        self.words = frozenset(words)

    def to_internal_value(self, data: str) -> str:
        word = data.upper()
        if word not in self.words:
            self.fail("invalid_choice")
        return word


class OwnChoiceField(WireField):
    """A word of the organization, in any case; printed in upper case."""

    def __init__(self, kind: str, **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind

    def to_internal_value(self, data: str) -> str:
        word: str | None = self.context["choices"].named(self.kind, data)
        if word is None:
            self.fail("invalid_choice")
        return word


class FieldValuesField(serializers.Field[dict[str, FieldValue], Any, dict[str, Any], Any]):
    """`custom_fields.field[]{name, value}`; what cannot be stored is left out with a warning."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def get_value(self, dictionary: Mapping[str, Any]) -> Any:
        return rows(dict(dictionary), str(self.field_name), "field") or empty

    def to_internal_value(self, data: list[Item]) -> dict[str, FieldValue]:
        given = [(text(row, "name"), _field_text(row)) for row in data]
        values: dict[str, FieldValue] = self.context["fields"].read(given, self.context["notices"])
        return values

    def to_representation(self, value: Mapping[str, FieldValue]) -> dict[str, Any]:
        return field_rows(value, self.context["fields"].definitions, CATEGORY)


class TicketSerializer(serializers.Serializer[Ticket]):
    """A ticket. With `partial` it is a change of one: nothing is required."""

    code = serializers.CharField(read_only=True)
    status = OwnChoiceField(Kind.STATUS)
    priority = OwnChoiceField(Kind.PRIORITY)
    department = OwnChoiceField(Kind.DEPARTMENT)
    subject = SubjectField(most=LONGEST_SUBJECT)
    message = LinesField(most=LONGEST_TEXT)
    custom_fields = FieldValuesField(source="field_values")
    type = ChoiceField(Ticket.Type.values, write_only=True)
    reported_from = ChoiceField(Ticket.Source.values, write_only=True)
    assigned_to = LineField(most=LONGEST_NAME, write_only=True)

    def read(self) -> TicketInput:
        """What the item says.

        Raises `LoyaltyError`: 1303 for a new ticket without a subject; 1302 for another bad value, and for a new ticket
        without a mandatory field; 400 for a value that is not text.
        """
        is_sound = self.is_valid()
        given = self.validated_data if is_sound else {}
        if not self.partial and not self._has_subject():
            raise LoyaltyError(Code.TICKET_SUBJECT_BLANK, key="subject")
        is_complete = self.partial or not self.context["fields"].missing(given.get("field_values", {}))
        if not (is_sound and is_complete):
            raise LoyaltyError(Code.TICKET_FAILED, key=next(iter(self.errors), ""))
        return TicketInput(**given)

    def _has_subject(self) -> bool:
        return bool(subject_key(optional(self.initial_data, "subject")[:LONGEST_SUBJECT]))


class ListedTicketSerializer(TicketSerializer):
    """A ticket of a list: also where it came from, and who works on it since when."""

    type = ChoiceField(Ticket.Type.values)
    reported_from = ChoiceField(Ticket.Source.values)
    assigned_to = LineField()
    created_on = serializers.SerializerMethodField()

    def get_created_on(self, ticket: Ticket) -> str:
        """The wall time in the organization's zone."""
        return write_moment(ticket.created_at, self.context["zone"])


def _field_text(row: Item) -> str:
    value = row.get("value")
    return json.dumps(value) if isinstance(value, list) and value else text(row, "value")
