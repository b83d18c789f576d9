"""Whose are the rows of an import file? Their customers, for a whole batch in a fixed number of queries (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from typing import Final

from customers.lookup.services import LookupQuery, LookupResult, look_up
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import optional
from organizations.policies import Policy
from organizations.tenancy.models import Organization

# Of several identifiers in one row the first filled one, in this order, decides.
PRECEDENCE: Final = ("id", "mobile", "external_id", "email")
Row = Mapping[str, str]


def resolve_rows(rows: Sequence[Row], *, organization: Organization, policy: Policy) -> list[int | LoyaltyError]:
    """For each row, in order, the id of its customer or why there is none: one query for each kind of identifier that decides.

    Refusals are those of a read (`lookup.look_up`): 1015 where no identifier is filled, 1042 malformed, 400 an id that is no
    number, 1012 or 1011 unknown. What came with a merged customer leads to the survivor, what is no longer used to nobody.
    Nothing is locked: whoever counts or changes anything of these customers locks them (`lock_customers`) and reads again.
    """
    decisive = [_decisive(row) for row in rows]
    answers: dict[tuple[str, str], LookupResult] = {}
    for key in PRECEDENCE:
        values = list(dict.fromkeys(one[1] for one in decisive if one is not None and one[0] == key))
        if values:
            found = look_up(LookupQuery(key=key, values=values), organization=organization, policy=policy, country_code="")
            answers.update(((key, answer.value), answer) for answer in found)
    return [_customer(answers[one]) if one else LoyaltyError(Code.IDENTIFIER_MISSING) for one in decisive]


def _decisive(row: Row) -> tuple[str, str] | None:
    """The column and the value by which the customer is looked for; None where no identifier is filled."""
    filled = ((key, optional(row, key)) for key in PRECEDENCE)
    return next(((key, value) for key, value in filled if value), None)


def _customer(answer: LookupResult) -> int | LoyaltyError:
    if answer.customer_id is None:
        return LoyaltyError(answer.refusal or Code.UNKNOWN_ID)
    return answer.customer_id
