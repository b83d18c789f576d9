"""Under which addresses does an action answer? One route for all its spellings (docs/protocol.md 1.1)."""

from typing import Any

from django.urls import URLPattern, re_path


def customer_route(names: str, view: Any) -> URLPattern:
    """The route of `/v1.1/customer/{action}`: also under `/1.1/`, with `.json` or `.xml`, and with a slash at the end.

    `names` are the action's names, separated by `|`.
    """
    route: URLPattern = re_path(rf"^v?1\.1/customer/(?:{names})(?:\.(?P<suffix>(?i:json|xml)))?/?\Z", view)
    return route
