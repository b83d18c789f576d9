"""How is a customer's consent kept and read? For one or for thousands at once, each change with its entry in the log."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import BigIntegerField

from customers.profile.locks import lock_customer
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, update_rows
from loyalty_project.protocol.codes import Code
from organizations.audit.actors import Actor
from organizations.tenancy.models import Organization
from subscriptions.choices import Choice, Pair
from subscriptions.models import Consent, ConsentChange

# What a broken constraint means, should a race ever get past the customer's lock (docs/protocol.md 5.1).
CONSTRAINTS: Mapping[str, Code] = {
    "consent_unique": Code.SUBSCRIPTION_FAILED,
    "consentchange_unique": Code.SUBSCRIPTION_NOT_UPDATED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one customer decided, when, and, where somebody knows, why."""

    customer_id: int
    choice: Choice
    at: datetime
    reason: str = ""


def decide(decision: Decision, *, by: Actor) -> bool:
    """Keep one decision, the customer locked; whether it changed anything.

    Raises `django.db` errors for a lock that is not free (55P03) and for broken constraints (`CONSTRAINTS`).
    """
    with transaction.atomic(savepoint=False):
        lock_customer(decision.customer_id)
        (is_changed,) = keep_decisions([decision], by=by)
    return is_changed


def keep_decisions(decisions: Sequence[Decision], *, by: Actor) -> list[bool]:
    """Keep decisions in their order, later ones seeing earlier ones; for each, whether it changed anything.

    Four queries at most, for any number. What was said already is not said again: no row changes, and nothing is logged. Call
    it in a transaction that holds the customers' locks; errors as above.
    """
    consents = {
        (customer_id, pair): consent
        for customer_id, said in consents_of({decision.customer_id for decision in decisions}).items()
        for pair, consent in said.items()
    }
    changed: dict[tuple[int, Pair], Consent] = {}
    log: list[ConsentChange] = []
    results: list[bool] = []
    for decision in decisions:
        key = (decision.customer_id, decision.choice.pair)
        consent = consents.setdefault(key, _unsaid(decision, by.organization))
        old = consent.is_subscribed if consent.revision else None
        is_changed = old != decision.choice.is_subscribed
        results.append(is_changed)
        if is_changed:
            consent.is_subscribed, consent.decided_at = decision.choice.is_subscribed, decision.at
            consent.revision += 1
            changed[key] = consent
            log.append(_logged(decision, consent, old=old, by=by))
    new = [consent for consent in changed.values() if consent.pk is None]
    known = [consent for consent in changed.values() if consent.pk is not None]
    insert_rows(new)
    update_rows(known, ["is_subscribed", "revision", "decided_at"])
    insert_rows(log)
    return results


def consents_of(customers: Collection[int]) -> dict[int, dict[Pair, Consent]]:
    """What each of the customers (ids) explicitly said, by pair; those who said nothing are there too. One query."""
    found: dict[int, dict[Pair, Consent]] = {one: {} for one in customers}
    for consent in Consent.objects.filter(is_any_of("customer_id", customers, BigIntegerField())):
        found[consent.customer_id][consent.channel, consent.priority, consent.scope] = consent
    return found


def _unsaid(decision: Decision, organization: Organization) -> Consent:
    """The consent to a pair of which nothing has been said: of revision 0, not stored."""
    channel, priority, scope = decision.choice.pair
    return Consent(
        organization_id=organization.pk,
        customer_id=decision.customer_id,
        channel=channel,
        priority=priority,
        scope=scope,
        revision=0,
    )


def _logged(decision: Decision, consent: Consent, *, old: bool | None, by: Actor) -> ConsentChange:
    return ConsentChange(
        organization_id=by.organization.pk,
        customer_id=consent.customer_id,
        channel=consent.channel,
        priority=consent.priority,
        scope=consent.scope,
        revision=consent.revision,
        old=old,
        new=consent.is_subscribed,
        at=decision.at,
        source=by.source,
        actor=by.name,
        request_id=by.request_id,
        context=dict(by.user_context),
        reason=decision.reason,
        campaign_id=decision.choice.campaign_id,
        outbox_id=decision.choice.outbox_id,
    )
