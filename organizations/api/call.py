"""A call as its action sees it: who acts for which organization, where, and what the headers ask for."""

from dataclasses import dataclass

from django.http import HttpRequest

from loyalty_project.protocol.errors import Notice
from organizations.api.attribution import attribution_of
from organizations.api.authentication import Caller
from organizations.api.headers import country_code, is_replay, language, user_context
from organizations.audit.actors import Actor
from organizations.audit.models import AuditEntry
from organizations.configuration import Configuration
from organizations.policies import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Context of an action. `country_code` (a dial code, digits) and `language` are "" if not sent.

    `notices` are warnings about the call as a whole; each of its items carries them.
    """

    actor: Actor
    configuration: Configuration
    country_code: str = ""
    language: str = ""
    replay: bool = False
    notices: tuple[Notice, ...] = ()

    @property
    def policy(self) -> Policy:
        """The policy of the caller's organization."""
        return self.configuration.policy


def read_call(caller: Caller, request: HttpRequest) -> Call:
    """The call of an authenticated caller. Call it inside the organization's scope.

    Raises `RequestRefusedError` 400 for a read whose attribution headers name an unknown entity.
    """
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
        configuration=caller.configuration,
        country_code=country_code(request),
        language=language(request),
        replay=is_replay(request),
        notices=attribution.notices,
    )
