"""Calls of customer/referrals."""

from typing import Any

from tests.api import Answer, Api

ASHA = "mobile=9812345678"


def row(identifier: str = "9812300001", **more: Any) -> dict[str, Any]:
    return {"id": "7", "name": "Ravi", "identifier": identifier, "invited_on": "2026-01-05T10:00:00", **more}


def item(*rows: dict[str, Any], kind: str = "MOBILE", who: str = "9812345678", **more: Any) -> dict[str, Any]:
    return {"mobile": who, "referrals": {**more, "referral_type": [{"type": kind, "referral": list(rows)}]}}


def invite(api: Api, *items: dict[str, Any], query: str = "", **headers: str) -> Answer:
    return api.call("POST", "referrals", query, {"root": {"customer": list(items)}}, **headers)


def read(api: Api, query: str = "", who: str = ASHA) -> Answer:
    return api.call("GET", "referrals", f"{who}&{query}")


def code_of(answer: Answer) -> str:
    code: str = answer.customer["item_status"]["code"]
    return code


def statuses(answer: Answer) -> list[tuple[str, str]]:
    kinds = answer.item["referrals"]["referral_type"]
    return [(row["status"]["success"], row["status"]["code"]) for kind in kinds for row in kind["referral"]]
