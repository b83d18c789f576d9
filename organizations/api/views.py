"""Base of the views for tills and API clients: authenticated, throttled, inside the organization's scope.

The order of refusals is that of docs/protocol.md 7: 401, then 429, then 404, 405 and 406; nothing else is read before that.
"""

from typing import Any

import structlog
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import cached_property
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from loyalty_project.api.envelope import Tree, http_status
from loyalty_project.api.response import WireResponse
from loyalty_project.api.views import WireView
from loyalty_project.gateway.known_callers import mark_known
from organizations.api.authentication import CallerAuthentication, caller_of
from organizations.api.call import Call, read_call
from organizations.api.throttling import CallerThrottle
from organizations.tenancy import scoping

_LOGGED = ("organization", "caller", "till")


class TillView(WireView):
    """A view for tills and API clients. Its handlers run inside the scope of the caller's organization."""

    authentication_classes = (CallerAuthentication,)
    throttle_classes = (CallerThrottle,)

    @cached_property
    def call(self) -> Call:
        """The call's context. Raises as `read_call`."""
        return read_call(caller_of(self.request), self.request._request)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer outside any scope until the caller is authenticated."""
        with scoping.no_scope():
            try:
                return super().dispatch(request, *args, **kwargs)
            finally:
                structlog.contextvars.unbind_contextvars(*_LOGGED)

    def perform_authentication(self, request: Request) -> None:
        """Authenticate the caller and enter the scope of their organization."""
        super().perform_authentication(request)
        if request.successful_authenticator is not None:
            caller = caller_of(request)
            mark_known(request.META)
            scoping.enter_scope(caller.organization)
            structlog.contextvars.bind_contextvars(
                organization=caller.organization.code, caller=caller.name, till=caller.till.code
            )

    def answer(self, tree: Tree) -> Response:
        """The response with this tree, and the HTTP status that the organization's policy gives it."""
        return WireResponse(tree, status=http_status(tree, mirror=self.call.policy.mirror_http_status))


class TillViewSet(ViewSetMixin, TillView):
    """A viewset of actions for tills and API clients."""


class UnknownResourceView(TillView):
    """An address without an action: 404 to every method."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raise 404, after 401 and 429."""
        super().initial(request, *args, **kwargs)
        raise Http404
