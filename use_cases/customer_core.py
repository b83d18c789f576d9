"""CustomerCore: the customer block of add and update, with points, tiers, purchases and consents (docs/protocol.md 3)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from customers.details.payloads import core
from customers.profile.models import Customer
from customers.registration.context import InputContext
from engagement.bills.models import PurchaseTotals
from engagement.bills.payloads import printed_purchases
from engagement.points.balances import read_balances
from engagement.points.payloads import points_effects, points_summary, raw_effects, tier_expiry
from engagement.programs.catalog import ProgramCatalog
from loyalty_project.protocol.best_effort import best_effort
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from organizations.locations.models import Store
from organizations.policies import Policy
from organizations.tenancy.models import Organization
from referrals.rewards.payloads import raw_reward_effects, reward_effects
from use_cases.registration import Registration

# The figures of a customer without points, and of one whose points cannot be read (91001).
NOTHING: Mapping[str, Any] = {
    "lifetime_points": 0,
    "loyalty_points": 0,
    "current_slab": None,
    "tier_expiry_date": None,
    "points_summaries": {"points_summary": []},
    "lifetime_purchases": 0,
}


def customer_core(
    registration: Registration, *, context: InputContext, catalog: ProgramCatalog, store: Store | None, wants_raw: bool
) -> tuple[dict[str, Any], list[Notice]]:
    """CustomerCore of a registered or updated customer at a till of `store`, and warnings about the points.

    `wants_raw` adds `rawSideEffects` (docs/protocol.md 4.1).
    """
    customer, zone = registration.customer, context.organization.zone
    block, notices = loyalty_block(
        customer,
        catalog=catalog,
        organization=context.organization,
        policy=context.policy,
        store=store,
        has_bills=not registration.is_new,
    )
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
    return body, notices


def loyalty_block(
    customer: Customer,
    *,
    catalog: ProgramCatalog,
    organization: Organization,
    policy: Policy,
    store: Store | None,
    has_bills: bool = True,
) -> tuple[Mapping[str, Any], list[Notice]]:
    """The loyalty figures of CustomerCore at a till of `store`, after due steps are settled; and warnings.

    `has_bills` is False for a customer who certainly has none.

    91001 if the figures cannot be read, 1091 if a member of the till's program has no points account.
    """
    block, notices = NOTHING, list[Notice]()
    with best_effort(notices, [Notice(Code.POINTS_UNAVAILABLE)]):
        total = _purchases_of(customer) if has_bills else Decimal(0)
        purchases = printed_purchases(total, is_exact=policy.exact_lifetime_purchases)
        block, warnings = _block(customer, catalog, organization, store, purchases=purchases)
        notices += warnings
    return block, notices


def _purchases_of(customer: Customer) -> Decimal:
    """What the customer bought, net of returns."""
    return PurchaseTotals.objects.filter(customer=customer).values_list("amount", flat=True).first() or Decimal(0)


def _block(
    customer: Customer, catalog: ProgramCatalog, organization: Organization, store: Store | None, *, purchases: Any
) -> tuple[Mapping[str, Any], list[Notice]]:
    if customer.type != Customer.Type.LOYALTY:
        return {**NOTHING, "lifetime_purchases": purchases}, []
    balances = read_balances([customer.pk], organization=organization)
    balance = balances.applicable(customer.pk, catalog.programs_for_each(store, [customer.pk])[customer.pk])
    summaries = [
        points_summary(
            balance_in_program,
            tiers=current.tiers,
            registered_on=customer.registered_on,
            zone=organization.zone,
        )
        for current, balance_in_program in balances.in_active_programs(customer.pk, catalog)
        if balance_in_program.account
    ]
    block = {
        "lifetime_points": balance.totals.lifetime,
        "loyalty_points": balance.spendable,
        "current_slab": balance.current_slab,
        "tier_expiry_date": tier_expiry(balance.membership, registered_on=customer.registered_on, zone=organization.zone),
        "points_summaries": {"points_summary": summaries},
        "lifetime_purchases": purchases,
    }
    is_missing = balance.membership is not None and balance.account is None
    return block, [Notice(Code.POINTS_ACCOUNT_MISSING)] if is_missing else []
