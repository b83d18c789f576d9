"""Context of one customer/get: what its sections read and warn of."""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from loyalty_project.protocol.best_effort import side_step
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.values import is_on
from organizations.locations.models import Store
from organizations.policies import Policy
from organizations.tenancy.models import Organization

Payloads = Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a get asks for: the query's parameters, at whose store, in which language ("": the organization's own).

    `notices` gathers what every item is warned of, `own_notices` by customer what only theirs is.
    """

    organization: Organization
    policy: Policy
    query: Mapping[str, str]
    store: Store | None = None
    language: str = ""
    notices: list[Notice] = field(default_factory=list)
    own_notices: defaultdict[int, list[Notice]] = field(default_factory=lambda: defaultdict(list))

    def wants(self, flag: str, *, default: bool = False) -> bool:
        """Whether a flag of the query is on: `true` or `1`, in any case."""
        return is_on(self.query, flag, default=default)

    def warnings_of(self, customer_id: int) -> list[Notice]:
        """What the customer's item is warned of."""
        return [*self.notices, *self.own_notices.get(customer_id, ())]

    def may_fail(self, code: Code) -> AbstractContextManager[None]:
        """Inside: what the database refuses costs this part of the answer and a warning, never the whole answer."""
        return side_step(self.notices, [Notice(code)])
