"""A call as its action sees it: who acts for which organization, where, and what the headers ask for."""

from dataclasses import dataclass, replace

from django.http import HttpRequest

from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.plain_text import read_code
from loyalty_project.protocol.values import Item, optional
from organizations.api.attribution import attribution_of
from organizations.api.authentication import Caller
from organizations.api.headers import country_code, is_replay, language, user_context
from organizations.audit.actors import Actor
from organizations.audit.models import AuditEntry
from organizations.configuration import Configuration
from organizations.locations.lookup import find_active_till
from organizations.policies import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Context of an action. `country_code` (a dial code, digits) and `language` are "" if not sent.

    `notices` are warnings about the call as a whole; each of its items carries them. `is_client`: an API client, not a till.
    """

    actor: Actor
    configuration: Configuration
    country_code: str = ""
    language: str = ""
    replay: bool = False
    is_client: bool = False
    notices: tuple[Notice, ...] = ()

    @property
    def policy(self) -> Policy:
        """The policy of the caller's organization."""
        return self.configuration.policy

    def at_till(self, name: str) -> tuple[Actor, tuple[Notice, ...]]:
        """The actor of an item that names its till by code or id, with the item's warnings (docs/protocol.md, tills' part 1.2).

        Only an API client's item may: for a till, and without a name, it is the call's own actor. So it is for an unknown or
        inactive till, with warning 91020.
        """
        code = read_code(name)
        if not (self.is_client and code):
            return self.actor, self.notices
        till = self.configuration.part(find_active_till, code)
        if till is None:
            return self.actor, (*self.notices, Notice(Code.INVALID_REGISTRATION_TILL))
        return replace(self.actor, till=till, store=till.store), self.notices


def till_of(item: Item) -> str:
    """The till that an item names, for `Call.at_till`; "" for none, which "0" is too (docs/protocol.md, tills' part 1.2).

    Raises `LoyaltyError` 400 for an object or a list in place of text.
    """
    return optional(item, "till_id")


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
        is_client=caller.is_client,
        notices=attribution.notices,
    )
