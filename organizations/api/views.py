"""What happens to every call of a till or API client before its action? It is proved, counted, and given its context.

The order of refusals is that of docs/protocol.md 7: 401, then 429, then 404, 405 and 406; only then is anything of it read.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty_project.api.views import WireView
from loyalty_project.protocol.codes import Transport
from loyalty_project.protocol.errors import Notice, RequestRefusedError
from organizations.api.attribution import attribution_of
from organizations.api.authentication import Caller, authenticate
from organizations.api.headers import country_code, is_replay, language, user_context
from organizations.audit.actors import Actor
from organizations.audit.models import AuditEntry
from organizations.credentials.rate_limits import Allowance, spend_permit
from organizations.policies import Policy
from organizations.tenancy import scoping

_LOGGED = ("organization", "caller", "till")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What an action knows about the call it answers.

    `country_code` (a dial code, digits) and `language` are "" when not sent. `notices` are warnings about the call as a whole,
    to be told by each of its items.
    """

    actor: Actor
    policy: Policy
    country_code: str = ""
    language: str = ""
    replay: bool = False
    notices: tuple[Notice, ...] = ()


class TillView(WireView):
    """A view for tills and API clients: before the handler runs, `self.call` stands and the organization's scope is entered."""

    call: Call
    allowance: Allowance | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer inside no scope at all until the caller is proved."""
        with scoping.no_scope():
            try:
                return super().dispatch(request, *args, **kwargs)
            finally:
                structlog.contextvars.unbind_contextvars(*_LOGGED)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Prove the caller, count the call, refuse what this address does not answer, and set `self.call`."""
        super().initial(request, *args, **kwargs)
        caller = authenticate(request._request)
        scoping.enter_scope(caller.organization)
        structlog.contextvars.bind_contextvars(organization=caller.organization.code, caller=caller.name, till=caller.till.code)
        policy = caller.organization.policy
        self.allowance = spend_permit(caller.name, limit=policy.rate_limit)
        if not self.allowance.allowed:
            raise RequestRefusedError(429, Transport.RATE_LIMITED)
        self.refuse_address(request)
        self.call = _call(caller, policy, request._request)

    def refuse_address(self, request: Request) -> None:
        """Raise the refusal that lies in the address and method alone: here 405."""
        if request.method not in self.allowed_methods:
            raise RequestRefusedError(405, Transport.METHOD_NOT_ALLOWED)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Tell a proved caller how the minute stands, whatever the answer is."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.allowance is not None:
            response["X-RateLimit-Limit"] = str(self.allowance.limit)
            response["X-RateLimit-Remaining"] = str(self.allowance.remaining)
            response["X-RateLimit-Reset"] = str(self.allowance.resets_at)
            if not self.allowance.allowed:
                response["Retry-After"] = str(self.allowance.retry_after)
        return response


class UnknownResourceView(TillView):
    """An address that nothing answers: 404 to every method."""

    def refuse_address(self, request: Request) -> None:  # noqa: ARG002 - whatever is asked
        """Raise 404."""
        raise RequestRefusedError(404, Transport.NOT_FOUND)


class UnsupportedActionView(TillView):
    """An action that this version does not carry out: 405 to methods that it will never take, 406 to the others.

    Routed as `UnsupportedActionView.as_view(methods=("GET",))`.
    """

    methods: ClassVar[tuple[str, ...]] = ("GET", "POST")

    @property
    def allowed_methods(self) -> list[str]:
        """The methods that the action is documented with (docs/protocol.md 4)."""
        return list(self.methods)

    def refuse_address(self, request: Request) -> None:
        """Raise 405 or 406."""
        super().refuse_address(request)
        raise RequestRefusedError(406, Transport.UNSUPPORTED_OPERATION)


def _call(caller: Caller, policy: Policy, request: HttpRequest) -> Call:
    attribution = attribution_of(caller, request)
    actor = Actor(
        organization=caller.organization,
        source=AuditEntry.Source.API,
        name=caller.name,
        till=attribution.till,
        store=attribution.store,
        request_id=getattr(request, "request_id", ""),
        user_context=user_context(request),
    )
    return Call(
        actor=actor,
        policy=policy,
        country_code=country_code(request),
        language=language(request),
        replay=is_replay(request),
        notices=attribution.notices,
    )
