"""Record and read consents, of one customer or thousands; every change has an entry in the log."""

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
from subscriptions.models import Consent, ConsentChange
from subscriptions.rules import Choice, Pair

# The code of each constraint, in case a race gets past the customer's lock (docs/protocol.md 5.1).
CONSTRAINTS: Mapping[str, Code] = {
    "consent_unique": Code.SUBSCRIPTION_FAILED,
    "consentchange_unique": Code.SUBSCRIPTION_NOT_UPDATED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A choice of a customer, with its time and, if known, reason."""

    customer_id: int
    choice: Choice
    at: datetime
    reason: str = ""


def decide(decision: Decision, *, by: Actor) -> bool:
    """Lock the customer and record a decision; True if it changed anything. Opens a transaction.

    Raises `django.db` errors for a lock that is not free (55P03) and for broken constraints (`CONSTRAINTS`).
    """
    with transaction.atomic(savepoint=False):
        lock_customer(decision.customer_id)
        (is_changed,) = keep_decisions([decision], by=by)
    return is_changed


def decide_each(customer_id: int, choices: Sequence[Choice], *, at: datetime, reason: str, by: Actor) -> list[Choice]:
    """Lock the customer and record several choices for one reason; those that changed anything. As `decide`."""
    decisions = [Decision(customer_id=customer_id, choice=choice, at=at, reason=reason) for choice in choices]
    with transaction.atomic(savepoint=False):
        lock_customer(customer_id)
        changed = keep_decisions(decisions, by=by)
    return [choice for choice, is_changed in zip(choices, changed, strict=True) if is_changed]


def keep_decisions(decisions: Sequence[Decision], *, by: Actor) -> list[bool]:
    """Record decisions in their order, each after the one before; for each, True if it changed anything.

    At most four queries for any number. A repeated choice changes and logs nothing. Call it in a transaction that holds the
    customers' locks; errors as in `decide`.
    """
    consents = {
        (customer_id, pair): consent
        for customer_id, by_pair in consents_of({decision.customer_id for decision in decisions}).items()
        for pair, consent in by_pair.items()
    }
    changed: dict[tuple[int, Pair], Consent] = {}
    log: list[ConsentChange] = []
    results: list[bool] = []
    for decision in decisions:
        key = (decision.customer_id, decision.choice.pair)
        consent = consents.setdefault(key, _no_consent(decision, by.organization))
        old = consent.is_subscribed if consent.revision else None
        is_changed = old != decision.choice.is_subscribed
        results.append(is_changed)
        if is_changed:
            consent.is_subscribed, consent.decided_at = decision.choice.is_subscribed, decision.at
            consent.revision += 1
            changed[key] = consent
            log.append(_log_entry(decision, consent, old=old, by=by))
    new = [consent for consent in changed.values() if consent.pk is None]
    known = [consent for consent in changed.values() if consent.pk is not None]
    insert_rows(new)
    update_rows(known, ["is_subscribed", "revision", "decided_at"])
    insert_rows(log)
    return results


def consents_of(customers: Collection[int]) -> dict[int, dict[Pair, Consent]]:
    """The explicit choices of each customer (id), by pair; empty for a customer without choices. One query."""
    consents: dict[int, dict[Pair, Consent]] = {pk: {} for pk in customers}
    for consent in Consent.objects.filter(is_any_of("customer_id", customers, BigIntegerField())):
        consents[consent.customer_id][consent.channel, consent.priority, consent.scope] = consent
    return consents


def _no_consent(decision: Decision, organization: Organization) -> Consent:
    """The consent to a pair without a choice: revision 0, not stored."""
    channel, priority, scope = decision.choice.pair
    return Consent(
        organization_id=organization.pk,
        customer_id=decision.customer_id,
        channel=channel,
        priority=priority,
        scope=scope,
        revision=0,
    )


def _log_entry(decision: Decision, consent: Consent, *, old: bool | None, by: Actor) -> ConsentChange:
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
