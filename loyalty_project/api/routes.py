"""Under which addresses does an action answer? One route for all its spellings (docs/protocol.md 1.1)."""

from typing import Any

from django.urls import URLPattern, re_path


def customer_route(names: str, view: Any) -> URLPattern:
    """The route of `/v1.1/customer/{action}`; `names` are the action's names, separated by `|`."""
    return entity_route("customer", names, view)


def entity_route(entity: str, names: str, view: Any) -> URLPattern:
    """The route of `/v1.1/{entity}/{action}`: also under `/1.1/` and behind `/api`, with `.json` or `.xml`, and with a slash
    at the end.
    """
    route: URLPattern = re_path(rf"^(?:api/)?v?1\.1/{entity}/(?:{names})(?:\.(?P<suffix>(?i:json|xml)))?/?\Z", view)
    return route
