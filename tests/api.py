"""How the tests of actions call the API: as a till, with what an answer says at hand."""

import json
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from django.http import HttpResponse
from django.test import Client

from organizations.locations.models import Till
from tests.factories.locations import TILL_PASSWORD, digest


@dataclass
class Answer:
    """One answer of the API, in JSON; most of its parts are those of answers about customers."""

    http: HttpResponse

    @property
    def response(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.http.content)["response"]
        return content

    @property
    def status(self) -> dict[str, Any]:
        content: dict[str, Any] = self.response["status"]
        return content

    @property
    def items(self) -> list[dict[str, Any]]:
        customers: list[dict[str, Any]] = self.response["customers"]["customer"]
        return customers

    @property
    def customers(self) -> list[dict[str, Any]]:
        """The customers of the reads that answer `response.customer`."""
        content = self.response["customer"]
        return content if isinstance(content, list) else [content]

    @property
    def customer(self) -> dict[str, Any]:
        (only,) = self.customers
        return only

    @property
    def item(self) -> dict[str, Any]:
        (only,) = self.items
        return only

    @property
    def codes(self) -> list[str]:
        return [item["item_status"]["code"] for item in self.items]

    @property
    def code(self) -> str:
        (only,) = self.codes
        return only

    @property
    def message(self) -> str:
        message: str = self.item["item_status"]["message"]
        return message

    @property
    def warnings(self) -> list[str]:
        codes: list[str] = self.item["item_status"]["warnings"]["warning"]
        return codes

    @property
    def is_replayed(self) -> bool:
        return self.http.headers.get("Idempotent-Replayed") == "true"

    @property
    def xml(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.http.content)


@dataclass
class Api:
    """Calls as one till."""

    till: Till
    password: str = TILL_PASSWORD

    def call(
        self, method: str, action: str, query: str = "", body: object = None, *, entity: str = "customer", **headers: str
    ) -> Answer:
        return self.request(method, f"/v1.1/{entity}/{action}" + (f"?{query}" if query else ""), body, **headers)

    def request(self, method: str, address: str, body: object = None, **headers: str) -> Answer:
        """A call to an address of any version."""
        credential = b64encode(f"{self.till.code}:{digest(self.password)}".encode()).decode()
        sent = {"Authorization": f"Basic {credential}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        sent.setdefault("Content-Type", "application/json")
        data = body if isinstance(body, str | bytes) else json.dumps(body) if body is not None else ""
        return Answer(self.send(method, address, data, sent))

    def send(self, method: str, address: str, data: str | bytes, headers: dict[str, str]) -> HttpResponse:
        """Into this process; a subclass may send elsewhere."""
        client = Client(raise_request_exception=False)
        return client.generic(method, address, data, content_type=headers.pop("Content-Type"), headers=headers)

    def add(self, *items: dict[str, Any], query: str = "", key: str = "", **item: Any) -> Answer:
        return self._post("add", [*items, *([item] if item else [])], query, key)

    def update(self, *items: dict[str, Any], query: str = "", key: str = "", **item: Any) -> Answer:
        return self._post("update", [*items, *([item] if item else [])], query, key)

    def _post(self, action: str, items: list[dict[str, Any]], query: str, key: str) -> Answer:
        headers = {"Idempotency-Key": key} if key else {}
        return self.call("POST", action, query, {"root": {"customer": items}}, **headers)

    def get(self, query: str) -> Answer:
        return self.call("GET", "get", query)


def fields(**values: object) -> dict[str, Any]:
    return {"field": [{"name": name, "value": value} for name, value in values.items()]}
