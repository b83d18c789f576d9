"""The pipeline of all reads of customers: asked identifiers, look-up, sections, outcomes (docs/protocol.md 1.5)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from customers.lookup.services import LookupQuery, LookupResult, limit_to_store, look_up
from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.errors import LoyaltyError, in_numeric_order
from loyalty_project.protocol.outcomes import Done, Outcome, Refused, failed, succeeded
from loyalty_project.protocol.values import is_on
from organizations.api.call import Call

Results = Mapping[int, Done | Refused | CodeTable]


def is_limited_to_store(query: Mapping[str, str]) -> bool:
    """True if the query's `member_care_access` limits the call to customers who registered at the caller's store."""
    return is_on(query, "member_care_access")


def echo_value(key: str, answer: LookupResult, _code: CodeTable) -> Mapping[str, Any]:
    """The value as it was asked for."""
    return {key: answer.value}


def read_outcomes(
    asked: LookupQuery,
    query: Mapping[str, str],
    read: Callable[[Sequence[int]], Results],
    *,
    call: Call,
    echo: Callable[[str, LookupResult, CodeTable], Mapping[str, Any]] = echo_value,
    translate: Callable[[CodeTable], CodeTable] = lambda code: code,
    conclude: Callable[[Done], Outcome] = succeeded,
) -> list[Outcome]:
    """An outcome for each value asked for, in order.

    `read` gets the ids of the customers that may be seen, each once, and returns each one's result. A `LoyaltyError` that it
    raises fails them all. `echo` is the body of a failed item by key, answer and code. `translate` gives the action's code for
    a code of the look-up. `conclude` makes the outcome of a success.
    """
    answers = look_up(asked, organization=call.actor.organization, policy=call.policy, country_code=call.country_code)
    if is_limited_to_store(query):
        answers = limit_to_store(answers, call.actor.store)
    ids = list(dict.fromkeys(answer.customer_id for answer in answers if answer.customer_id is not None))
    results = _results(ids, read)

    def outcome(answer: LookupResult) -> Outcome:
        result = None if answer.customer_id is None else results.get(answer.customer_id)
        if isinstance(result, Done):
            return conclude(replace(result, warnings=in_numeric_order([*answer.notices, *result.warnings])))
        if isinstance(result, Refused):
            return failed(result.code, result.body, warnings=in_numeric_order([*answer.notices, *result.warnings]))
        if result is not None:
            return failed(result, echo(asked.key, answer, result))
        code = translate(answer.refusal or Code.UNKNOWN_ID)
        # A value that is not an id at all is not repeated.
        return failed(code, {} if code is Code.INVALID_INPUT else echo(asked.key, answer, code))

    return [outcome(answer) for answer in answers]


def _results(ids: Sequence[int], read: Callable[[Sequence[int]], Results]) -> Results:
    if not ids:
        return {}
    try:
        return read(ids)
    except LoyaltyError as error:
        return dict.fromkeys(ids, error.code)
