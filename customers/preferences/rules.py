"""Preferences as a call sends them. Pure functions (docs/protocol.md 4.12)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from customers.profile.field_values import FieldValue, NotAnOptionError, WrongTypeError, read_value
from customers.registration.input import field_text
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.values import Item, child, optional, read_id, rows, text
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store

NOT_FOUND: Final = Notice(Code.PREFERRED_STORE_NOT_FOUND)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentStore:
    """The preferred store as sent: `given` is its code or id; `store` is None if there is no such store."""

    given: str
    store: Store | None


@dataclass(slots=True, kw_only=True)
class SentPreferences:
    """The preferences of an item. `values` are canonical, by field; `refused` counts the fields that cannot be stored."""

    values: dict[FieldDefinition, FieldValue] = field(default_factory=dict)
    refused: int = 0
    store: SentStore | None = None

    @property
    def known_store(self) -> Store | None:
        """The store to keep; None if none was sent, or an unknown one."""
        return self.store.store if self.store else None

    @property
    def refusal(self) -> Code | None:
        """The code of an item of which nothing can be stored: 1053 if it names an unknown store alone, else 1030."""
        if self.values or self.known_store:
            return None
        is_store_alone = self.store is not None and not self.refused
        return Code.PREFERRED_STORE_NOT_FOUND if is_store_alone else Code.PREFERENCES_NOT_SAVED

    @property
    def notices(self) -> list[Notice]:
        """Warnings of an item of which something is stored: 1017 for each refused field, 1035, 1053."""
        found = [Notice(Code.INVALID_CUSTOM_FIELD)] * self.refused
        if self.refused:
            found.append(Notice(Code.SOME_PREFERENCES_NOT_SAVED))
        return [*found, NOT_FOUND] if self.store and not self.store.store else found


def read_preferences(
    item: Item, field_named: Callable[[str], FieldDefinition | None], stores: Mapping[int, Store]
) -> SentPreferences:
    """The preferences of an item; blank values are not supplied. `stores` are those that may be preferred, by id.

    Raises `LoyaltyError`: 1150 for a store id that is not a number, 400 for what is not text and for more than 100 fields.
    """
    sent = SentPreferences(store=_read_store(child(item, "store"), stores))
    for row in rows(item, "custom_fields", "field"):
        name, value = text(row, "name"), field_text(row)
        if not value:
            continue
        definition = field_named(name)
        try:
            if definition is None:
                raise NotAnOptionError
            sent.values[definition] = read_value(value, definition)
        except (NotAnOptionError, WrongTypeError):
            sent.refused += 1
    return sent


def _read_store(sent: Item, stores: Mapping[int, Store]) -> SentStore | None:
    """The store of an id, a code, or of both, which must agree."""
    number, code = optional(sent, "id"), text(sent, "code")
    if not (number or code):
        return None
    if number and not (number.isascii() and number.isdigit()):
        raise LoyaltyError(Code.INVALID_STORE_ID)
    if number:
        store = stores.get(read_id(number))
        return SentStore(given=code or number, store=store if store and code in {"", store.code} else None)
    return SentStore(given=code, store=next((store for store in stores.values() if store.code == code), None))


def lacks_mandatory(values: Mapping[str, FieldValue], definitions: Sequence[FieldDefinition]) -> bool:
    """True if a mandatory preference has no value; `values` are canonical values by field id."""
    return any(
        definition.is_mandatory and definition.is_active and not values.get(str(definition.pk))
        for definition in definitions
        if definition.category == FieldDefinition.Category.PREFERENCE
    )
