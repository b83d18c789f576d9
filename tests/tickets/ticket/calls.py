"""Calls of customer/tickets."""

from typing import Any

from tests.api import Answer, Api

KETTLE = {"subject": "Broken kettle", "message": "It leaks"}


def post(api: Api, query: str = "", *, item: dict[str, Any] | None = None, key: str = "", **ticket: Any) -> Answer:
    sent = {"mobile": "9812345678"} if item is None else item
    body = {"root": {"customer": [{**sent, "ticket": {**KETTLE, **ticket}}]}}
    return api.call("POST", "tickets", query, body, **({"Idempotency-Key": key} if key else {}))


def get(api: Api, query: str = "mobile=9812345678") -> Answer:
    return api.call("GET", "tickets", query)


def tickets(answer: Answer) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = answer.customer["tickets"]["ticket"]
    return listed


def subjects(api: Api, query: str) -> list[str]:
    return [ticket["subject"] for ticket in tickets(get(api, f"mobile=9812345678&{query}"))]
