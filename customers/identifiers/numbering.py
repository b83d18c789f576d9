"""Generated external ids (docs/protocol.md 2.3)."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from customers.identifiers.models import Identifier
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.card_series.counters import next_numbers
from organizations.policies import Policy

# Numbers that are skipped in a row because they are taken: they came by hand or by import.
_TRIES: Final = 100


class ExternalIds:
    """Free external ids of the scope's organization, in the form of its policy.

    The counter is locked until the end of the transaction that draws a number, and registrations elsewhere wait for it. So
    large batches draw their ids ahead, outside of their transaction. Those that are not used by the end are lost.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._ahead: deque[str] = deque()

    def draw(self, count: int) -> None:
        """Have `count` ids ready, fewer if numbers are taken or none are left. Two statements at most."""
        missing = count - len(self._ahead)
        if missing > 0:
            with suppress(LoyaltyError):
                self._ahead.extend(self._free(missing))

    def next(self) -> str:
        """A free id. Raises `LoyaltyError` 1038 if there is none left."""
        for _ in range(_TRIES):
            if self._ahead:
                return self._ahead.popleft()
            self._ahead.extend(self._free(1))
        raise LoyaltyError(Code.EXTERNAL_ID_FAILED)

    @contextmanager
    def returned_on_error(self) -> Iterator[None]:
        """Ids that are used inside may be used again if an exception undoes that."""
        before = self._ahead.copy()
        try:
            yield
        except BaseException:
            self._ahead = before
            raise

    def _free(self, count: int) -> list[str]:
        """The free ids of the next `count` numbers. Raises `LoyaltyError` 1038 if all these numbers have too many digits."""
        written = [self._written(number) for number in next_numbers("external_id", count)]
        values = [value for value in written if value is not None]
        taken = Identifier.objects.filter(kind=Identifier.Kind.EXTERNAL_ID, value__in=values, exclusive=True)
        if not values:
            raise LoyaltyError(Code.EXTERNAL_ID_FAILED)
        known = set(taken.values_list("value", flat=True))
        return [value for value in values if value not in known]

    def _written(self, number: int) -> str | None:
        """The number in the organization's form; None if it has too many digits."""
        policy = self._policy
        digits = str(policy.number_offset + number)
        length = policy.number_length - len(policy.number_prefix) - len(policy.number_suffix) - bool(policy.number_checksum)
        if len(digits) > length:
            return None
        digits = digits.zfill(length)
        check = luhn_digit(digits) if policy.number_checksum else ""
        return f"{policy.number_prefix}{digits}{check}{policy.number_suffix}"


def luhn_digit(digits: str) -> str:
    """The check digit that makes `digits` and itself pass the Luhn test (ISO/IEC 7812-1, annex B)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
