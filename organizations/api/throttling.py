"""Throttle of callers: the organization's calls per minute for each till and API client (docs/protocol.md 1.8)."""

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from organizations.api.authentication import caller_of
from organizations.credentials.rate_limits import spend_permit


class CallerThrottle(BaseThrottle):
    """Allows RATE_LIMIT_PER_MINUTE calls. The `X-RateLimit-` headers go on every answer to an authenticated caller."""

    retry_after: int

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Spend a permit of the caller, and add the headers to the view's."""
        caller = caller_of(request)
        allowance = spend_permit(caller.name, limit=caller.configuration.policy.rate_limit)
        self.retry_after = allowance.retry_after
        view.headers |= {
            "X-RateLimit-Limit": str(allowance.limit),
            "X-RateLimit-Remaining": str(allowance.remaining),
            "X-RateLimit-Reset": str(allowance.resets_at),
        }
        return allowance.allowed

    def wait(self) -> float:
        """Whole seconds until the next call is allowed: the Retry-After header."""
        return self.retry_after
