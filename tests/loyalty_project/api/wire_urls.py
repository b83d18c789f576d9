"""Addresses for the tests of the wire: views that echo, fail and refuse, beside Django's own pages."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, re_path
from rest_framework.authentication import BasicAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty_project.api.envelope import request_items
from loyalty_project.api.views import WireView

ERRORS: dict[str, Exception] = {
    "bug": RuntimeError("asha@example.com"),
    "denied": PermissionDenied(),
    "recursion": RecursionError(),
}


class Gate(BasicAuthentication):
    """Lets everybody in but those who say they are a stranger."""

    def authenticate(self, request: Request) -> None:
        if "stranger" in request._request.META.get("HTTP_AUTHORIZATION", ""):
            raise AuthenticationFailed


class Echo(WireView):
    authentication_classes = (Gate,)
    permission_classes = (AllowAny,)

    def get(self, _request: Request, **_kwargs: Any) -> Response:
        return Response({"response": {"query": self.query}})

    def post(self, _request: Request, **_kwargs: Any) -> Response:
        items = request_items(self.payload(), limit=3)
        return Response({"response": {"item": items}})


class Failing(WireView):
    permission_classes = (AllowAny,)

    def get(self, _request: Request, kind: str) -> Response:
        raise ERRORS[kind]


class Unprintable(WireView):
    permission_classes = (AllowAny,)

    def get(self, _request: Request) -> Response:
        return Response({"response": {"flag": True}})


class Unknown(Echo):
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404


def broken(_request: HttpRequest, kind: str) -> HttpResponse:
    raise ERRORS[kind]


urlpatterns = [
    path("admin/", admin.site.urls),
    re_path(r"^v1\.1/echo(?:\.(?P<format>json|xml))?$", Echo.as_view()),
    path("v1.1/fail/<kind>", Failing.as_view()),
    path("v1.1/unprintable", Unprintable.as_view()),
    path("v1.1/unknown", Unknown.as_view()),
    path("v1.1/plain/<kind>", broken),
    path("pages/<kind>", broken),
]
handler400 = "loyalty_project.api.error_pages.bad_request"
handler403 = "loyalty_project.api.error_pages.permission_denied"
handler404 = "loyalty_project.api.error_pages.page_not_found"
handler500 = "loyalty_project.api.error_pages.server_error"
