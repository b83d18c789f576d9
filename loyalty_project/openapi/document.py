"""The document: the generator of drf-spectacular, walking the routes of the wire; its settings and shared components."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from loyalty_project.openapi.operations import description_of
from loyalty_project.openapi.shapes import Schema

# The address of an action without its aliases (loyalty_project/api/router.py).
_ADDRESS: Final = re.compile(r"1\\\.1/(?P<entity>\w+)/\(\?:(?P<names>[a-z_|]+)\)")
_PATH: Final = "/v1.1/{}/{}"
# Other names of an action, which the document mentions with it.
ALIASES: Final[Mapping[str, str]] = {"register": "add", "interactions": "interaction"}


def routed_actions(patterns: Iterable[Any]) -> list[tuple[str, str, str, Callable[..., Any]]]:
    """Entity, action, method and view of every action among the routes, without aliases."""
    found = []
    for route in patterns:
        address = _ADDRESS.search(str(route.pattern))
        if address is None:
            continue
        for name in address["names"].split("|"):
            # The framework adds HEAD when it has met a GET.
            methods = [method.upper() for method in route.callback.actions if method != "head"]
            if name not in ALIASES:
                found += [(address["entity"], name, method, route.callback) for method in methods]
    return found


class WireEndpoints(EndpointEnumerator):
    """The actions of the wire, each under its first spelling."""

    def get_api_endpoints(self, patterns: Any = None, prefix: str = "") -> Any:  # noqa: ARG002 - of the base class
        """Path, path again, method and view of each."""
        routes: Any = self.patterns if patterns is None else patterns
        paths = [(_PATH.format(entity, name), method, view) for entity, name, method, view in routed_actions(routes)]
        return sorted(((path, path, method, view) for path, method, view in paths), key=lambda endpoint: endpoint[:3])


class WireGenerator(SchemaGenerator):
    """The generator over `WireEndpoints`."""

    endpoint_inspector_cls = WireEndpoints


class WireSchema(AutoSchema):
    """Schema of the wire's views: the description of the handler (`operations.described`)."""

    def get_operation(self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any) -> Schema:  # noqa: ARG002 - of the base class
        """The operation of a path and method."""
        _, _, entity, name = path.split("/")
        view: Any = self.view
        handler = getattr(view, view.action_map[method.lower()])
        return description_of(handler).document(entity, name, method)
