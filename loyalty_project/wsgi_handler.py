"""WSGI handler of the project: the API has a handler of its own, everything else Django's."""

from collections.abc import Callable
from typing import Any

from django.core.handlers.wsgi import WSGIHandler

from loyalty_project.api.addresses import is_api
from loyalty_project.api.handler import ApiHandler
from loyalty_project.wsgi_request import TolerantRequest


class ProjectHandler(WSGIHandler):
    """Hands requests of the API to `ApiHandler`, and runs pages with `MIDDLEWARE`."""

    request_class = TolerantRequest

    def __init__(self) -> None:
        super().__init__()
        self._api = ApiHandler()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """The parts of the answer (PEP 3333)."""
        if is_api(environ.get("PATH_INFO", "")):
            return self._api(environ, start_response)
        return super().__call__(environ, start_response)
