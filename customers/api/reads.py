"""How is a read of one customer or many answered? Whom it names is looked up, all are read at once, each value is answered.

For the reads whose answer is `response.customer` (docs/protocol.md 1.5).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from rest_framework.response import Response

from customers.lookup.reads import read_customers
from customers.lookup.services import LookupResult, limit_to_store, look_up, read_lookup_query
from customers.registration.state import CustomerState
from loyalty_project.api.envelope import customer_answer, http_status
from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.errors import LoyaltyError, in_numeric_order
from loyalty_project.protocol.outcomes import Done, Outcome, Refused, failed, succeeded
from loyalty_project.protocol.values import is_on
from organizations.api.views import Call

Results = Mapping[int, Done | Refused | CodeTable]


def answer_reads(
    call: Call,
    query: Mapping[str, str],
    read: Callable[[Sequence[CustomerState]], Results],
    *,
    conclude: Callable[[Done], Outcome] = succeeded,
    renamed: Mapping[CodeTable, CodeTable] | None = None,
) -> Response:
    """Answer every value that the query names, in order; a failed one as it was asked for, with its code.

    `read` gets the customers found, each once, and gives each one's answer or code; a `LoyaltyError` that it raises is
    everybody's. `renamed` says which codes of the look-up this action tells by another (docs/protocol.md 5.1).
    """
    policy = call.policy
    asked = read_lookup_query(query, limit=policy.batch_limit)
    answers = look_up(asked, organization=call.actor.organization, policy=policy, country_code=call.country_code)
    if is_on(query, "member_care_access"):
        answers = limit_to_store(answers, call.actor.store)
    people = read_customers({one.customer_id for one in answers if one.customer_id is not None})
    results = _results(people, read)
    outcomes = [_outcome(asked.key, one, results, conclude, renamed or {}) for one in answers]
    answer = customer_answer(outcomes)
    return Response(answer, status=http_status(answer, mirror=policy.mirror_http_status))


def _results(people: Mapping[int, CustomerState], read: Callable[[Sequence[CustomerState]], Results]) -> Results:
    if not people:
        return {}
    try:
        return read(list(people.values()))
    except LoyaltyError as error:
        return dict.fromkeys(people, error.code)


def _outcome(
    key: str,
    answer: LookupResult,
    results: Results,
    conclude: Callable[[Done], Outcome],
    renamed: Mapping[CodeTable, CodeTable],
) -> Outcome:
    result = None if answer.customer_id is None else results.get(answer.customer_id)
    if isinstance(result, Done):
        return conclude(replace(result, warnings=in_numeric_order([*answer.notices, *result.warnings])))
    if isinstance(result, Refused):
        return failed(result.code, result.body, warnings=in_numeric_order([*answer.notices, *result.warnings]))
    if answer.refusal is Code.INVALID_INPUT:
        return failed(answer.refusal, {})
    code = result or answer.refusal or Code.UNKNOWN_ID
    return failed(renamed.get(code, code), {key: answer.value})
