"""Routes of the actions of contract 1.1, in all spellings of their addresses (docs/protocol.md 1.1)."""

from typing import Final

from rest_framework.routers import DynamicRoute, SimpleRouter
from rest_framework.viewsets import ViewSetMixin

# Also under /1.1/ and behind /api, with .json or .xml, and with a slash at the end. `url_path` may list names: "add|register".
_ADDRESS: Final = r"^(?:api/)?v?1\.1/{prefix}/(?:{url_path})(?:\.(?P<format>(?i:json|xml)))?/?\Z"


class WireRouter(SimpleRouter):
    """Router of the `@action` methods of viewsets: `/v1.1/{entity}/{action}`, with the entity as prefix."""

    routes = [DynamicRoute(url=_ADDRESS, name="{basename}-{url_name}", detail=False, initkwargs={})]

    def get_default_basename(self, viewset: type[ViewSetMixin]) -> str:
        """The viewset's own name: several viewsets share an entity."""
        return viewset.__name__
