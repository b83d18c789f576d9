"""Consents that come with a registration, an update or a row of an import (docs/protocol.md 4.1)."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime

from loyalty_project.protocol.best_effort import best_effort
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.values import Item
from organizations.audit.actors import Actor
from subscriptions.rules import Choice, Pair, read_choice
from subscriptions.services import Decision, keep_decisions


@dataclass(slots=True)
class InlineKept:
    """Result of a customer's pairs. `notices` has 91022 for each pair that was not kept."""

    is_changed: bool = False
    notices: list[Notice] = field(default_factory=list)


def keep_inline(sent: Sequence[tuple[int, Sequence[Item]]], *, at: datetime, by: Actor) -> list[InlineKept]:
    """Keep the pairs of customers (id and pairs as sent) together; a result for each customer.

    Of a pair that is sent several times the last counts, so that an item adds at most one entry a pair to the log.
    Call it in a transaction that holds the customers' locks. If the database refuses the pairs of a single customer, they get
    91022; of several customers it raises, so that the caller can work them singly.
    """
    kept = [InlineKept() for _ in sent]
    decisions: list[Decision] = []
    owners: list[InlineKept] = []
    for (customer_id, pairs), outcome in zip(sent, kept, strict=True):
        choices: dict[Pair, Choice] = {}
        for pair in pairs:
            try:
                choice = read_choice(pair)
            except LoyaltyError:
                outcome.notices.append(_not_saved(pair["channel"], pair["priority"]))
            else:
                choices[choice.pair] = choice
        decisions += [Decision(customer_id=customer_id, choice=choice, at=at) for choice in choices.values()]
        owners += [outcome] * len(choices)
    if not decisions:
        return kept
    warnings = [_not_saved(decision.choice.channel, decision.choice.priority) for decision in decisions]
    with best_effort(kept[0].notices, warnings) if len(kept) == 1 else nullcontext():
        for outcome, is_changed in zip(owners, keep_decisions(decisions, by=by), strict=True):
            outcome.is_changed |= is_changed
    return kept


def _not_saved(channel: str, priority: str) -> Notice:
    return Notice(Code.SUBSCRIPTION_PAIR_NOT_SAVED, x=channel.upper(), y=priority.upper())
