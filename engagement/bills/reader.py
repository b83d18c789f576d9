"""Reading of the values of a bill: what cannot be read is kept as a code, which refuses the bill in the order of the checks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from engagement.bills.codes import BillCode
from engagement.numbers.money import read_money, read_quantity
from loyalty_project.protocol.moments import read_moment
from loyalty_project.protocol.values import Item, text
from organizations.audit.actors import Actor
from organizations.configuration import Configuration
from organizations.fields.models import FieldDefinition
from organizations.locations.lookup import find_active_till

# Characters of texts (docs/protocol.md, tills' part 1.3).
SHORT: Final = 50
CODE: Final = 100
LONG: Final = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class BillContext:
    """What bills are read by: the configuration of their organization, the actor, and the moment of the call."""

    configuration: Configuration
    by: Actor
    now: datetime

    def is_till(self, code: str) -> bool:
        """True for the code of an active till."""
        return self.configuration.part(find_active_till, code) is not None

    @property
    def fields(self) -> Sequence[FieldDefinition]:
        """The active fields of bills."""
        return self.configuration.part(load_bill_fields)

    @property
    def currency(self) -> str:
        """The organization's currency (ISO 4217)."""
        return self.configuration.organization.currency


def load_bill_fields() -> Sequence[FieldDefinition]:
    """The active fields of bills: a part of the configuration."""
    return tuple(FieldDefinition.objects.filter(category=FieldDefinition.Category.TRANSACTION, is_active=True))


@dataclass(slots=True)
class Reader:
    """Reads values of an item and of its lines, and keeps the codes of those that cannot be read."""

    context: BillContext
    unread: set[BillCode] = field(default_factory=set)

    def money(self, item: Item, *keys: str) -> Decimal | None:
        """An amount, rounded to the currency; None if it is absent or unreadable (601)."""
        return self._number(item, keys, lambda given: read_money(given, self.context.currency))

    def quantity(self, item: Item, *keys: str) -> Decimal | None:
        """A number of pieces with three decimals."""
        return self._number(item, keys, read_quantity)

    def _number(self, item: Item, keys: Sequence[str], read: Callable[[str], Decimal | None]) -> Decimal | None:
        given = text(item, *keys)
        if not given:
            return None
        value = read(given)
        if value is None:
            self.unread.add(BillCode.INVALID_AMOUNT)
        return value

    def words(self, item: Item, *keys: str, most: int) -> str:
        """A text of at most so many characters (685)."""
        given = text(item, *keys)
        return given if len(given) <= most else self.short(given, most=most)

    def short(self, given: str, *, most: int) -> str:
        """The text, "" if it is too long."""
        if len(given) <= most:
            return given
        self.unread.add(BillCode.TOO_LONG)
        return ""

    def time(self, given: str) -> datetime | None:
        """A moment; None without, or for text that is none (621)."""
        moment = read_moment(given, self.context.configuration.zone) if given else None
        if given and moment is None:
            self.unread.add(BillCode.INVALID_TIME)
        return moment

    def day(self, given: str) -> date | None:
        """The day of a moment; None without, or for text that is none."""
        zone = self.context.configuration.zone
        moment = read_moment(given, zone) if given else None
        return moment.astimezone(zone).date() if moment else None
