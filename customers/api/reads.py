"""The pipeline of all reads of customers: asked values, one statement with the sections, outcomes (docs/protocol.md 1.5)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from customers.lookup.services import LookupQuery, find_each
from customers.lookup.statement import Found
from customers.profile.reading import Reading, Section
from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.errors import Notice, in_numeric_order
from loyalty_project.protocol.outcomes import Done, Outcome, Refused, failed, succeeded
from loyalty_project.protocol.values import is_on
from organizations.api.call import Call

Result = Done | Refused | CodeTable
_OF_SURVIVOR = (Notice(Code.SURVIVOR_RETRIEVED),)


def is_limited_to_store(query: Mapping[str, str]) -> bool:
    """True if the query's `member_care_access` limits the call to customers who registered at the caller's store."""
    return is_on(query, "member_care_access")


def reading_of(call: Call, query: Mapping[str, str], *, options: Any = None) -> Reading:
    """The context of a call's read; `options` are its action's."""
    return Reading(
        configuration=call.configuration,
        query=query,
        store=call.actor.store,
        language=call.language,
        country_code=call.country_code,
        options=options,
    )


def echo_value(key: str, value: str, _found: Found | None, _code: CodeTable) -> Mapping[str, Any]:
    """The value as it was asked for."""
    return {key: value}


def read_outcomes(
    asked: LookupQuery,
    reading: Reading,
    sections: Sequence[Section],
    result: Callable[[Found], Result],
    *,
    echo: Callable[[str, str, Found | None, CodeTable], Mapping[str, Any]] = echo_value,
    translate: Callable[[CodeTable], CodeTable] = lambda code: code,
    conclude: Callable[[Done], Outcome] = succeeded,
) -> list[Outcome]:
    """An outcome for each value asked for, in order.

    `result` makes the item of a customer who may be seen from the parts that the `sections` print. `echo` is the body of a
    failed item by key, value, customer and code. `translate` gives the action's code for a code of the look-up. `conclude`
    makes the outcome of a success.
    """
    each = find_each(
        asked,
        organization=reading.organization,
        policy=reading.policy,
        country_code=reading.country_code,
        sections=sections,
        reading=reading,
    )
    is_limited = is_limited_to_store(reading.query)

    def outcome(given: str, found: Found | Code) -> Outcome:
        if not isinstance(found, Found):
            code = translate(found)
            # A value that is not an id at all is not repeated.
            return failed(code, {} if code is Code.INVALID_INPUT else echo(asked.key, given, None, code))
        if is_limited and (reading.store is None or found.customer.registered_store_id != reading.store.pk):
            code = translate(Code.NOT_PERMITTED)
            return failed(code, echo(asked.key, given, None, code))
        made = result(found)
        if isinstance(made, Done | Refused):
            notices = _OF_SURVIVOR if found.is_merged else ()
            warnings = in_numeric_order([*notices, *made.warnings])
            if isinstance(made, Done):
                return conclude(replace(made, warnings=warnings))
            return failed(made.code, made.body, warnings=warnings)
        return failed(made, echo(asked.key, given, found, made))

    return [outcome(given, found) for given, found in each]
