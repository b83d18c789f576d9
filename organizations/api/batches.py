"""Answers to POST and PUT: item by item, each item once for each Idempotency-Key (docs/protocol.md 1.5, 1.10)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from rest_framework.response import Response

from loyalty_project.api.batch import Once, Together, Whose, nobodys, run_batch
from loyalty_project.api.content import content_digest
from loyalty_project.api.envelope import Tree
from loyalty_project.faults import Point, reach
from loyalty_project.protocol.codes import CodeTable
from loyalty_project.protocol.outcomes import Done, Outcome
from loyalty_project.protocol.values import Item
from organizations.api.headers import idempotency_key
from organizations.api.views import TillView
from organizations.idempotency.services import open_keyed_call

REPLAYED_HEADER: Final = "Idempotent-Replayed"


def answer_batch(
    view: TillView,
    items: Sequence[Item],
    work: Callable[[Item], Done],
    *,
    action: str,
    compose: Callable[[Sequence[Outcome]], Tree],
    echo: Callable[[Item], Mapping[str, Any]],
    fallback: CodeTable,
    constraints: Mapping[str, CodeTable],
    whose: Whose = nobodys,
    together: Together | None = None,
) -> Response:
    """Work the items of the view's call and answer them. Every action that writes answers through this.

    `action` is the entity and action that a key belongs to, as in "customer/add". `compose` puts the envelope around the
    outcomes. The other parameters are those of `run_batch`.

    Raises `RequestRefusedError`: 400 for an invalid key, 422 for a key that was used for other content.
    """
    once = _once(view, items, action=action)
    outcomes = run_batch(
        items, work, echo=echo, fallback=fallback, constraints=constraints, once=once, whose=whose, together=together
    )
    response = view.answer(compose(outcomes))
    if all(outcome.replayed for outcome in outcomes):
        response[REPLAYED_HEADER] = "true"
    reach(Point.BEFORE_ANSWER)
    return response


def _once(view: TillView, items: Sequence[Item], *, action: str) -> Once | None:
    key = idempotency_key(view.request._request)
    if not key:
        return None
    return open_keyed_call(key, action=action, content=content_digest(items, view.query), by=view.call.actor)
