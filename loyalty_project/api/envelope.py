"""Envelopes of requests and answers: the only file that knows `root`, `response`, `status` and `customers`."""

from collections.abc import Mapping, Sequence
from typing import Any

from loyalty_project.protocol.codes import Code, CodeTable, Transport
from loyalty_project.protocol.errors import RequestRefusedError
from loyalty_project.protocol.outcomes import Outcome
from loyalty_project.protocol.values import Item, Value, as_list

Tree = dict[str, Any]

_MAX_ROOTS = 2  # <root><root>...: some converters write a second one


def request_items(
    data: Value, *, limit: int, key: str = "customer", too_many: CodeTable = Code.BATCH_LIMIT_EXCEEDED
) -> list[Item]:
    """The items of a parsed body, in order: a list, a single object or repeated tags, with or without `root`.

    Raises `RequestRefusedError`: 400 without any object, `too_many` above `limit` items (docs/protocol.md 1.3, 1.5).
    Entries that are not objects stay in the list: the batch answers each of them with 400.
    """
    for _ in range(_MAX_ROOTS):
        if isinstance(data, dict) and key not in data and "root" in data:
            data = data["root"]
    items = as_list(data.get(key)) if isinstance(data, dict) else data
    if not isinstance(items, list) or not any(isinstance(item, dict) for item in items):
        raise RequestRefusedError(400, Code.INVALID_INPUT)
    if len(items) > limit:
        raise RequestRefusedError(400, too_many)
    return items


def customers_answer(
    outcomes: Sequence[Outcome],
    *,
    totals: bool,
    message: str = Transport.SUCCESS.sentence,
    container: str = "customers",
    key: str = "customer",
) -> Tree:
    """Answer to a batch: `status` and the items in order (docs/protocol.md 1.4, 1.5).

    `message` is the action's literal of full success (1.7). `totals` adds total and success_count, as text.
    """
    return {
        "response": {
            "status": _batch_status(outcomes, message=message, totals=totals),
            container: {key: [outcome.body for outcome in outcomes]},
        }
    }


def one_customer_answer(outcomes: Sequence[Outcome]) -> Tree:
    """Answer of an action on a single customer: `customers.customer` is an object, without totals (docs/protocol.md 4.3)."""
    (outcome,) = outcomes
    status = _batch_status(outcomes, message=Transport.SUCCESS.sentence, totals=False)
    return {"response": {"status": status, "customers": {"customer": outcome.body}}}


def customer_answer(outcomes: Sequence[Outcome], *, message: str = Transport.SUCCESS.sentence, totals: bool = False) -> Tree:
    """Answer with the customer directly in `response`: an object for one, a list for several (docs/protocol.md 1.5).

    `message` and `totals` as in `customers_answer`.
    """
    bodies = [outcome.body for outcome in outcomes]
    return {
        "response": {
            "status": _batch_status(outcomes, message=message, totals=totals),
            "customer": bodies[0] if len(bodies) == 1 else bodies,
        }
    }


def sale_answer(
    outcomes: Sequence[Outcome],
    *,
    container: str = "",
    key: str,
    as_list: bool = False,
    message: str = Transport.SUCCESS.sentence,
) -> Tree:
    """Answer about bills, points or coupons: `response.container.key`, without totals (docs/protocol.md, tills' part 1.2).

    Without a container the key is directly in `response`. A single outcome is an object unless `as_list`. The codes of items
    are numbers here: clients of these calls compare numbers.
    """
    bodies = [_with_numeric_code(outcome.body) for outcome in outcomes]
    content = {key: bodies[0] if len(bodies) == 1 and not as_list else bodies}
    status = _batch_status(outcomes, message=message, totals=False)
    return {"response": {"status": status, **({container: content} if container else content)}}


def _with_numeric_code(body: Mapping[str, Any]) -> Tree:
    status = body["item_status"]
    return {**body, "item_status": {**status, "code": int(status["code"])}}


def refusal(error: RequestRefusedError) -> Tree:
    """Answer to a request that failed as a whole: the status block alone (docs/protocol.md 1.5, 1.6)."""
    status: Tree = {"success": "false", "code": error.body_code, "message": error.message}
    if error.body_code == Code.INVALID_INPUT:
        status["warnings"] = {"warning": []}
    return {"response": {"status": status}}


def http_status(answer: Mapping[str, Any], *, mirror: bool) -> int:
    """HTTP status of an answer to a batch: 200, or 500 if all items failed and `mirror` is on (V1_MIRROR_HTTP_STATUS)."""
    return 500 if mirror and answer["response"]["status"]["code"] == Code.ALL_FAILED else 200


def _batch_status(outcomes: Sequence[Outcome], *, message: str, totals: bool) -> Tree:
    done = sum(outcome.succeeded for outcome in outcomes)
    if done == len(outcomes):
        status: Tree = {"success": "true", "code": int(Transport.SUCCESS), "message": message}
    elif done:
        status = {"success": "true", "code": int(Transport.PARTIAL), "message": Transport.PARTIAL.sentence}
    else:
        status = {"success": "false", "code": int(Code.ALL_FAILED), "message": Code.ALL_FAILED.sentence}
    if totals:
        status |= {"total": str(len(outcomes)), "success_count": str(done)}
    return status
