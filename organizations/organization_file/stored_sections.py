"""Section of a part that is not built yet: tickets.

It is checked and kept as JSON on the organization, until its part brings its own section and a migration.
"""

from typing import Any, Final

from organizations.organization_file.common_keys import CODES
from organizations.organization_file.problems import Problems, below
from organizations.organization_file.references import check_name
from organizations.organization_file.schema import Struct, optional
from organizations.organization_file.sections import stored_section


def _check_tickets(tickets: dict[str, Any], path: str, problems: Problems) -> None:
    for number, status in enumerate(tickets["closed_statuses"]):
        check_name(status, tickets["statuses"], "status", below(path, f"closed_statuses[{number}]"), problems)


TICKETS_SCHEMA: Final = Struct(
    {
        "statuses": optional(CODES, []),
        "closed_statuses": optional(CODES, []),
        "priorities": optional(CODES, []),
        "departments": optional(CODES, []),
    },
    _check_tickets,
)


TICKETS: Final = stored_section("tickets", optional(TICKETS_SCHEMA))
