"""Calls of customer/transactions, and what their answers hold."""

from typing import Any

from tests.api import Answer, Api

HEAD = [
    "firstname", "lastname", "user_id", "mobile", "email", "external_id", "lifetime_points", "lifetime_purchases",
    "loyalty_points", "current_slab", "registered_on", "updated_on", "type", "source", "user_groups2", "count", "start",
    "delayed_points", "delayed_returned_points", "total_available_points", "total_returned_points", "rows", "transactions",
    "item_status",
]  # fmt: skip


def ask(api: Api, query: str = "mobile=919812345678") -> Answer:
    """Read the transactions of a customer."""
    return api.call("GET", "transactions", query)


def rows(answer: Answer) -> list[dict[str, Any]]:
    """The rows of the answer."""
    content: list[dict[str, Any]] = answer.customer["transactions"]["transaction"]
    return content


def numbers(answer: Answer) -> list[str]:
    """The numbers of the bills, in the order of the answer."""
    return [row["number"] for row in rows(answer)]


def code(answer: Answer) -> str:
    """The code of the item."""
    content: str = answer.customer["item_status"]["code"]
    return content
