"""The switches of a customer's consents: each pair of channel and kind of message, with the answer and what may be sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext, gettext_noop

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from organizations.tenancy.models import Organization
from subscriptions.models import Channel, Priority
from subscriptions.payloads import PAIRS
from subscriptions.rules import Pair
from subscriptions.sending import Verdict, may_send
from subscriptions.services import consents_of

ANSWERS: Final[Mapping[bool | None, str]] = {
    True: gettext_noop("yes"),
    False: gettext_noop("no"),
    None: gettext_noop("no answer"),
}
_KINDS: Final[Mapping[str, str]] = {
    Priority.BULK: gettext_noop("offers and news"),
    Priority.TRANS: gettext_noop("about purchases"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A pair with the customer's answer, None without one, and whether messages may be sent.

    `typed` is the value of a form that is shown again because it was refused.
    """

    pair: Pair
    is_subscribed: bool | None
    decided_at: datetime | None
    verdict: Verdict
    typed: str = ""

    @property
    def name(self) -> str:
        """Its name in a form: "SMS-BULK"."""
        return f"{self.pair[0]}-{self.pair[1]}"

    @property
    def label(self) -> str:
        """Channel and kind of message in words."""
        return label_of(self.pair[0], self.pair[1])

    @property
    def value(self) -> str:
        """The answer as a form has it: "1", "0", or "" without one."""
        return "" if self.is_subscribed is None else str(int(self.is_subscribed))

    @property
    def chosen(self) -> str:
        """The value that a form shows."""
        return self.typed or self.value


def label_of(channel: str, priority: str) -> str:
    """Channel and kind of message in words: "SMS, offers and news"."""
    return f"{gettext(Channel(channel).label)}, {gettext(_KINDS[priority])}"


def consent_switches(customer: Customer, *, organization: Organization) -> list[Switch]:
    """The switches of all pairs, in the order of the wire. One query, and the customer's identifiers."""
    consents = consents_of([customer.pk])[customer.pk]
    known_by = {row.kind for row in customer.identifiers.all() if row.state == Identifier.State.CURRENT}
    switches = []
    for pair in PAIRS:
        consent = consents.get(pair)
        answer = consent.is_subscribed if consent else None
        verdict = may_send(pair[0], is_subscribed=answer, opt_in_type=organization.policy.opt_in_type, known_by=known_by)
        decided_at = consent.decided_at if consent else None
        switches.append(Switch(pair=pair, is_subscribed=answer, decided_at=decided_at, verdict=verdict))
    return switches
