"""Handler of the API's addresses: Django's, without what only pages need.

Its middleware is `API_MIDDLEWARE`, its answers are complete when the view returns them, and it sends no signals. Addresses are
looked up once a process.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.db import DEFAULT_DB_ALIAS, connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch, get_resolver
from django.utils.module_loading import import_string

from loyalty_project.wsgi_request import TolerantRequest

# Longer addresses are not kept: clients may invent them.
_LONGEST_KNOWN: Final = 100


class ApiHandler(BaseHandler):
    """WSGI application for the API's addresses (`api.addresses`)."""

    def __init__(self) -> None:
        self.load_middleware()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request. What a connection needs between two requests is done after the answer."""
        try:
            response: Any = self.get_response(TolerantRequest(environ))
        finally:
            connections[DEFAULT_DB_ALIAS].close_if_unusable_or_obsolete()
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return [response.content]

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - Django's signature
        """Put `API_MIDDLEWARE` around the view."""
        self._chain: Any = convert_exception_to_response(self._get_response)
        for name in reversed(settings.API_MIDDLEWARE):
            self._chain = convert_exception_to_response(import_string(name)(self._chain))

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        """The answer to a request, whatever happens."""
        response: HttpResponseBase = self._chain(request)
        return response

    def _get_response(self, request: HttpRequest) -> HttpResponseBase:
        # Raises DisallowedHost, which is a 400.
        request.get_host()
        path = request.path_info
        match = (_known_match if len(path) <= _LONGEST_KNOWN else _match)(settings.ROOT_URLCONF, path)
        request.resolver_match = match
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        return response


def _match(urlconf: str, path: str) -> ResolverMatch:
    """The view of an address. Raises `Resolver404`."""
    return get_resolver(urlconf).resolve(path)


_known_match = lru_cache(maxsize=1000)(_match)
