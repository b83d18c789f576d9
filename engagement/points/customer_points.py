"""What the blocks of customer/get about one customer's points are made of (docs/protocol.md 4.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from customers.profile.reading import CustomerRow, Reading
from engagement.points.balances import Balance, active_balances
from engagement.points.ledger.posting import AccountState
from engagement.programs.asked import program_asked
from engagement.programs.catalog import CurrentProgram, ProgramCatalog
from engagement.tiers.rules import Activity
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPoints:
    """What the blocks about one customer's points are made of. `activities` is None if they could not be read."""

    customer: CustomerRow
    reading: Reading
    catalog: ProgramCatalog
    balances: Mapping[int, Balance]
    applicable: Balance
    activities: Mapping[int, Sequence[Activity]] | None

    def warn(self, code: Code | None, *, x: str = "") -> bool:
        """Add a warning to the customer's item, once; True if there is one. `x` fills its sentence."""
        notices = self.reading.own_notices[self.customer.pk]
        if code is not None and (notice := Notice(code, x=x)) not in notices:
            notices.append(notice)
        return code is not None

    def rows(self) -> list[tuple[CurrentProgram, Balance]]:
        """Active programs and balances with an account; only that of the program that the call names."""
        program_id = program_asked(self.reading)
        return [
            (current, balance)
            for current, balance in active_balances(self.balances, self.catalog)
            if balance.state and program_id in {None, current.program.pk}
        ]

    def states(self) -> list[AccountState]:
        """The accounts of these balances."""
        return [balance.state for _, balance in self.rows() if balance.state]
