"""customer/get: one customer or a hundred, by one kind of identifier (docs/protocol.md 4.5)."""

from collections.abc import Collection, Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from customers.lookup.services import LookupResult, ids_of_store, look_up, read_lookup_query
from customers.profile.reading import Reading
from loyalty_project.api.envelope import customers_answer, http_status
from loyalty_project.protocol.codes import Code, CodeTable, Transport
from loyalty_project.protocol.errors import in_numeric_order
from loyalty_project.protocol.outcomes import Done, Outcome, failed, succeeded
from organizations.api.views import TillView
from use_cases.profile import read_profiles, refusals

RETRIEVED = "Customer successfully retrieved"


class GetView(TillView):
    """Reads customers."""

    http_method_names = ["get"]

    def get(self, _request: Request, **_kwargs: object) -> Response:
        call = self.call
        organization, policy = call.actor.organization, call.policy
        asked = read_lookup_query(self.query, limit=policy.batch_limit)
        answers = look_up(asked, organization=organization, policy=policy, country_code=call.country_code)
        reading = Reading(
            organization=organization,
            policy=policy,
            query=self.query,
            store=call.actor.store,
            language=call.language,
        )
        ids = list(dict.fromkeys(answer.customer_id for answer in answers if answer.customer_id is not None))
        permitted = ids_of_store(ids, call.actor.store) if reading.wants("member_care_access") else set(ids)
        refused = refusals(ids, reading) if ids else {}
        profiles = read_profiles(ids, reading) if ids else {}
        outcomes = [_outcome(asked.key, answer, profiles, permitted, refused, reading) for answer in answers]
        answer = customers_answer(outcomes, totals=True)
        return Response(answer, status=http_status(answer, mirror=policy.mirror_http_status))


def _outcome(
    key: str,
    answer: LookupResult,
    profiles: Mapping[int, Mapping[str, Any]],
    permitted: Collection[int],
    refused: Mapping[int, CodeTable],
    reading: Reading,
) -> Outcome:
    """A found customer, or the value asked for with empty names, which clients read even then (docs/protocol.md 1.9)."""
    nobody = {key: answer.value, "firstname": "", "lastname": ""}
    if answer.refusal is Code.INVALID_INPUT:
        return failed(answer.refusal, {})
    if answer.customer_id is None or answer.customer_id not in profiles:
        return failed(answer.refusal or Code.UNKNOWN_ID, nobody)
    if answer.customer_id not in permitted:
        return failed(Code.NOT_PERMITTED, nobody)
    refusal = refused.get(answer.customer_id)
    if refusal is Transport.CUSTOMER_ERASED:
        return failed(refusal, {"id": str(answer.customer_id)})
    if refusal is not None:
        return failed(refusal, nobody)
    warnings = in_numeric_order([*answer.notices, *reading.warnings_of(answer.customer_id)])
    return succeeded(Done(body=profiles[answer.customer_id], message=RETRIEVED, warnings=warnings))
