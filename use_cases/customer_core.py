"""CustomerCore: the customer block of add and update, with points, tiers, purchases and consents (docs/protocol.md 3)."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField

from customers.details.payloads import core
from customers.profile.models import Customer
from customers.registration.context import InputContext
from engagement.bills.models import PurchaseTotals
from engagement.bills.payloads import printed_purchases
from engagement.points.balances import Balances, read_balances
from engagement.points.payloads import points_effects, points_summary, raw_effects, tier_expiry
from engagement.programs.catalog import ApplicablePrograms, ProgramCatalog
from loyalty_project.db.lookups import is_any_of
from loyalty_project.protocol.best_effort import best_effort
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from organizations.locations.models import Store
from referrals.rewards.payloads import raw_reward_effects, reward_effects
from use_cases.registration import Registration

# The figures of a customer, and warnings about them.
Block = tuple[Mapping[str, Any], list[Notice]]
# The figures of a customer without points, and of one whose points cannot be read (91001).
NOTHING: Mapping[str, Any] = {
    "lifetime_points": 0,
    "loyalty_points": 0,
    "current_slab": None,
    "tier_expiry_date": None,
    "points_summaries": {"points_summary": []},
    "lifetime_purchases": 0,
}


def customer_cores(
    registrations: Sequence[Registration],
    *,
    context: InputContext,
    catalog: ProgramCatalog,
    store: Store | None,
    wants_raw: bool,
) -> list[tuple[dict[str, Any], list[Notice]]]:
    """CustomerCore of each registered or updated customer at a till of `store`, with warnings about the points.

    A number of queries that does not grow. `wants_raw` adds `rawSideEffects` (docs/protocol.md 4.1).
    """
    blocks = loyalty_blocks(registrations, context=context, catalog=catalog, store=store)
    return [
        (_core(registration, block, context=context, wants_raw=wants_raw), notices)
        for registration, (block, notices) in zip(registrations, blocks, strict=True)
    ]


def _core(registration: Registration, block: Mapping[str, Any], *, context: InputContext, wants_raw: bool) -> dict[str, Any]:
    customer, zone = registration.customer, context.organization.zone
    body = core(
        customer,
        registration.state.identifiers,
        definitions=context.fields,
        loyalty=block,
        subscriptions=registration.subscriptions,
        side_effects=[*points_effects(registration.entries), *reward_effects(registration.rewards, zone=zone)],
        policy=context.policy,
        zone=zone,
    )
    if wants_raw:
        body["rawSideEffects"] = [
            *raw_effects(registration.entries, customer_id=customer.pk, zone=zone),
            *raw_reward_effects(registration.rewards, zone=zone),
        ]
    return body


def loyalty_blocks(
    registrations: Sequence[Registration], *, context: InputContext, catalog: ProgramCatalog, store: Store | None
) -> list[Block]:
    """The loyalty figures of each CustomerCore at a till of `store`, after due steps are settled; and warnings.

    91001 if the figures of a customer alone cannot be read; of several, the error is raised. 1091 if a member of the till's
    program has no points account.
    """
    if len(registrations) > 1:
        return _blocks(registrations, context, catalog, store)
    unread: list[Notice] = []
    blocks: list[Block] = [(NOTHING, unread)]
    with best_effort(unread, [Notice(Code.POINTS_UNAVAILABLE)]):
        blocks[:] = _blocks(registrations, context, catalog, store)
    return blocks


def _blocks(
    registrations: Sequence[Registration], context: InputContext, catalog: ProgramCatalog, store: Store | None
) -> list[Block]:
    bought = _purchases_of([registration.customer.pk for registration in registrations if not registration.is_new])
    customers = [registration.customer for registration in registrations]
    members = [customer.pk for customer in customers if customer.type == Customer.Type.LOYALTY]
    balances = read_balances(members, organization=context.organization) if members else Balances({})
    programs = catalog.programs_for_each(store, members)
    blocks: list[Block] = []
    for customer in customers:
        total = bought.get(customer.pk, Decimal(0))
        purchases = printed_purchases(total, is_exact=context.policy.exact_lifetime_purchases)
        if customer.pk in programs:
            blocks.append(_block(customer, balances, programs[customer.pk], catalog, context, purchases=purchases))
        else:
            blocks.append(({**NOTHING, "lifetime_purchases": purchases}, []))
    return blocks


def _purchases_of(customer_ids: Collection[int]) -> dict[int, Decimal]:
    """What the customers bought, net of returns: one query, none without customers."""
    if not customer_ids:
        return {}
    totals = PurchaseTotals.objects.filter(is_any_of("customer_id", customer_ids, BigIntegerField()))
    return dict(totals.values_list("customer_id", "amount"))


def _block(
    customer: Customer,
    balances: Balances,
    programs: ApplicablePrograms,
    catalog: ProgramCatalog,
    context: InputContext,
    *,
    purchases: Any,
) -> Block:
    zone = context.organization.zone
    balance = balances.applicable(customer.pk, programs)
    summaries = [
        points_summary(balance_in_program, tiers=current.tiers, registered_on=customer.registered_on, zone=zone)
        for current, balance_in_program in balances.in_active_programs(customer.pk, catalog)
        if balance_in_program.account
    ]
    block = {
        "lifetime_points": balance.totals.lifetime,
        "loyalty_points": balance.spendable,
        "current_slab": balance.current_slab,
        "tier_expiry_date": tier_expiry(balance.membership, registered_on=customer.registered_on, zone=zone),
        "points_summaries": {"points_summary": summaries},
        "lifetime_purchases": purchases,
    }
    is_missing = balance.membership is not None and balance.account is None
    return block, [Notice(Code.POINTS_ACCOUNT_MISSING)] if is_missing else []
