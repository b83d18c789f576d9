"""Context of one customer/get: what its sections read and warn of."""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from loyalty_project.protocol.best_effort import best_effort
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.values import is_on
from organizations.locations.models import Store
from organizations.policies import Policy
from organizations.tenancy.models import Organization

Payloads = Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Context of a read: the query's parameters, the store of the call, and the language ("": the organization's own).

    Sections add warnings: to `notices` for every item, to `own_notices` for the item of one customer.
    """

    organization: Organization
    policy: Policy
    query: Mapping[str, str]
    store: Store | None = None
    language: str = ""
    notices: list[Notice] = field(default_factory=list)
    own_notices: defaultdict[int, list[Notice]] = field(default_factory=lambda: defaultdict(list))

    def wants(self, flag: str, *, default: bool = False) -> bool:
        """True if a flag of the query is on: `true` or `1`, in any case."""
        return is_on(self.query, flag, default=default)

    def warnings_of(self, customer_id: int) -> list[Notice]:
        """Warnings of the customer's item."""
        return [*self.notices, *self.own_notices.get(customer_id, ())]

    def may_fail(self, code: Code) -> AbstractContextManager[None]:
        """Context in which a database error leaves out a part of the answer, with the warning `code`."""
        return best_effort(self.notices, [Notice(code)])
