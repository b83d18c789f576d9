"""State of a batch's customers in memory: read once, changed by pure rules, written once.

`CustomerState` is one customer with the changes since it was read; `Matches` are those that one item leads to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from customers.profile.models import Customer

# Kind and value of an identifier.
Key = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class CustomerState:
    """One customer in memory. `identifiers` are the current ones by kind.

    `inherited` are identifiers of customers merged into this one that are not current. `arrival` numbers the new customers of a
    batch; they get their ids in this order. `old` and `new` are changed values for the audit, `revision` counts the changes.
    """

    customer: Customer
    identifiers: dict[str, str]
    inherited: set[Key] = field(default_factory=set)
    profiles: set[tuple[str, str]] = field(default_factory=set)
    is_new: bool = False
    arrival: int = 0
    old: dict[str, Any] = field(default_factory=dict)
    new: dict[str, Any] = field(default_factory=dict)
    changed_columns: set[str] = field(default_factory=set)
    added_identifiers: set[str] = field(default_factory=set)
    promoted_identifiers: dict[str, str] = field(default_factory=dict)  # inherited ones that became current
    replaced_identifiers: dict[str, str] = field(default_factory=dict)
    added_profiles: set[tuple[str, str]] = field(default_factory=set)
    revision: int = 0

    def note(self, *, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Record a change for the audit. Several changes of one value leave its first old and its last new value."""
        for name, value in old.items():
            self.old.setdefault(name, value)
        self.new.update(new)
        self.revision += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """An inherited identifier that its heir loses: to the customer who is given it (`to`), or by staff for a reason."""

    heir: CustomerState
    kind: str
    value: str
    to: CustomerState | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Customers that an item leads to: by its `id`, and by each kind of identifier that the policy matches by.

    `by_kind` are the customers whose current identifiers are sent. `heirs` are those who only inherited a sent value by a
    merge: they do not own it. `id_was_merged` is true if the id is that of a merged customer, which leads to the survivor.
    """

    by_id: CustomerState | None
    by_kind: Mapping[str, CustomerState]
    heirs: Mapping[str, CustomerState] = field(default_factory=dict)
    id_was_merged: bool = False
