"""A small API that answers what its views know of a call, and calls of it by till or API client."""

from base64 import b64encode
from typing import Any

from django.contrib import admin
from django.test import Client
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from organizations.api.views import TillView, UnknownResourceView
from organizations.credentials.api import TokenView
from organizations.locations.models import Till
from tests.factories.locations import TILL_PASSWORD, digest


class ProbeView(TillView):
    """Answers what a view knows about its call, and how many tills it can see."""

    def get(self, _: Request) -> Response:
        return self._answer()

    def post(self, _: Request) -> Response:
        return self._answer()

    def _answer(self) -> Response:
        call = self.call
        actor, notices = call.at_till(self.query.get("till_id", ""))
        return Response(
            {
                "response": {
                    "organization": actor.organization.code,
                    "actor": actor.name,
                    "source": str(actor.source),
                    "till": actor.till.code if actor.till else "",
                    "store": actor.store.code if actor.store else "",
                    "request_id": actor.request_id,
                    "user_context": dict(actor.user_context),
                    "country_code": call.country_code,
                    "language": call.language,
                    "replay": str(call.replay),
                    "notices": [str(int(notice.code)) for notice in notices],
                    "tills": {"till": list(Till.objects.order_by("code").values_list("code", flat=True))},
                }
            }
        )


class BareView(TillView):
    """Answers without a query."""

    def get(self, _: Request) -> Response:
        return Response({"response": {}})


class WrittenView(TillView):
    """Takes only POST."""

    def post(self, _: Request) -> Response:
        return Response({"response": {}})


class BrokenView(TillView):
    """Fails in a way that nobody foresaw."""

    def get(self, _: Request) -> Response:
        raise RuntimeError("unforeseen")


urlpatterns = [
    path("admin/", admin.site.urls),
    path("v3/oauth/token/generate", TokenView.as_view()),
    path("v1.1/customer/probe", ProbeView.as_view()),
    path("v1.1/customer/bare", BareView.as_view()),
    path("v1.1/customer/broken", BrokenView.as_view()),
    path("v1.1/customer/written", WrittenView.as_view()),
    path("v1.1/customer/unknown", UnknownResourceView.as_view()),
]


def basic(code: str = "mgroad.till1", password: str = TILL_PASSWORD) -> str:
    return raw_basic(f"{code}:{digest(password)}")


def raw_basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


def ask(action: str = "probe", *, method: str = "GET", **headers: str) -> Any:
    """The answer to a call; `headers` by name with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client(raise_request_exception=False).generic(method, f"/v1.1/customer/{action}", headers=named)


def call_of(answer: Any) -> dict[str, Any]:
    """What the probe knows of a call."""
    assert answer.status_code == 200, answer.content
    content: dict[str, Any] = answer.json()["response"]
    return content
