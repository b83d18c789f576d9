"""What is known of the customers that a batch may touch? Their state in memory: read once, changed by pure rules, written once.

`CustomerState` is one of them, with what changed since it was read; `Matches` is what the identifiers of one item led to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from customers.profile.models import Customer


@dataclass(slots=True, kw_only=True)
class CustomerState:
    """One customer as the rules see them. `identifiers` are the current ones by kind.

    `inherited` came with customers who were merged into this one, and are not the current ones of their kinds. `arrival` counts
    those who are new in a batch, who get their ids in this order.
    """

    customer: Customer
    identifiers: dict[str, str]
    inherited: set[tuple[str, str]] = field(default_factory=set)
    profiles: set[tuple[str, str]] = field(default_factory=set)
    is_new: bool = False
    arrival: int = 0
    old: dict[str, Any] = field(default_factory=dict)
    new: dict[str, Any] = field(default_factory=dict)
    changed_columns: set[str] = field(default_factory=set)
    added_identifiers: set[str] = field(default_factory=set)
    promoted_identifiers: dict[str, str] = field(default_factory=dict)  # inherited ones that became the current ones
    replaced_identifiers: dict[str, str] = field(default_factory=dict)
    added_profiles: set[tuple[str, str]] = field(default_factory=set)
    revision: int = 0

    def note(self, *, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Remember a change for the audit; of several changes of one thing, the first old and the last new."""
        for name, value in old.items():
            self.old.setdefault(name, value)
        self.new.update(new)
        self.revision += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Whom the identifiers of an item belong to: by its `id`, and by kind where the policy lets the kind match.

    `by_victim` tells that one of them was that of a customer who has been merged into who is found.
    """

    by_id: CustomerState | None
    by_kind: Mapping[str, CustomerState]
    by_merged_customer: bool = False
