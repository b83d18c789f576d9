"""Welcome award of a program, dated on the day of joining (docs/protocol.md 2.7, 7)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks
from engagement.earning.enrolment import Enrolment
from engagement.numbers.rounding import TooManyPointsError, round_points
from engagement.points.activity import keep_alive
from engagement.points.expiry import Expiry, ExpiryError, expiry_of
from engagement.points.explanations import WELCOME
from engagement.points.field_dates import field_dates
from engagement.points.ledger.movements import award
from engagement.points.ledger.posting import AccountState, EntryContext
from engagement.points.ledger.repository import lock_accounts, write_accounts
from engagement.points.ledger.tiers import attach_tiers
from engagement.points.models import PointsEntry
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import CurrentProgram, ProgramCatalog
from engagement.programs.earning_rules import EnrolmentRule
from engagement.programs.expiry_rules import Activity
from engagement.programs.models import Membership
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.numbers import plain_digits
from organizations.audit.actors import Actor
from organizations.fields.models import FieldDefinition
from organizations.tenancy.models import Organization


@dataclass(slots=True, kw_only=True)
class Welcome:
    """Result of joining for one customer, over all programs: ledger entries and warnings."""

    entries: list[PointsEntry] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


def welcome(
    memberships: Mapping[AccountKey, Membership],
    *,
    states: Mapping[AccountKey, AccountState],
    customers: Mapping[int, Customer],
    catalog: ProgramCatalog,
    organization: Organization,
    by: Actor,
    now: datetime,
) -> dict[int, Welcome]:
    """Post the welcome awards of new members to the accounts of `states`; return the results by customer id.

    Warnings: 1010 if the customer's label forbids it, 1098 for a paused program, 1092 if its tiers have no rows, 1088 if the
    award rounds to nothing, 1093 and 1087 if it has no expiry date or too many digits. Call it in the transaction of the
    enrolment.
    """
    policy = organization.policy
    results: dict[int, Welcome] = {}
    changed: list[AccountState] = []
    fields = catalog.date_fields
    for key, membership in memberships.items():
        outcome = results.setdefault(key.customer_id, Welcome())
        current = catalog.by_id[key.program_id]
        if current.rules.tiers and membership.tier_id is None:
            outcome.notices.append(Notice(Code.TIER_EVALUATION_FAILED))
        if current.program.is_paused:
            outcome.notices.append(Notice(Code.PROGRAM_PAUSED))
            continue
        rule = current.rules.enrolment
        if rule is None:
            continue
        if blocks(customers[key.customer_id], Block.POINTS_ISSUE, policy):
            outcome.notices.append(Notice(Code.POINTS_NOT_UPDATED))
            continue
        try:
            expiry = _expiry(rule, membership, customers[key.customer_id], organization, fields)
            points = round_points(rule.points, current.rules.precision)
        except (ExpiryError, TooManyPointsError) as error:
            code = Code.EXPIRY_NOT_COMPUTED if isinstance(error, ExpiryError) else Code.POINTS_NOT_REPRESENTABLE
            outcome.notices.append(Notice(code))
            continue
        if not points:
            outcome.notices.append(Notice(Code.POINTS_RULE_MISSING))
            continue
        attach_tiers(
            [states[key]],
            until=now,
            first={key.customer_id: membership.enrolled_on},
            catalog=catalog,
            customers=customers,
            policy=policy,
            made_by=by.name,
        )
        facts = _facts(current, membership, points, by, now)
        outcome.entries.append(award(states[key], points, facts=facts, expiry=expiry))
        keep_alive(
            states[key], Activity.AWARD, on=membership.enrolled_on.astimezone(organization.zone).date(), rules=current.rules
        )
        states[key].advance_tier(membership.enrolled_on)
        changed.append(states[key])
    write_accounts(changed)
    return results


def fresh_states(enrolment: Enrolment, organization: Organization) -> dict[AccountKey, AccountState]:
    """The accounts that an enrolment created; no other transaction sees them yet."""
    return {
        key: AccountState(
            account=account,
            zone=organization.zone,
            tier_ends=enrolment.new[key].tier_expires_on,
            membership=enrolment.new[key],
            heard=frozenset(organization.announced_events),
            entry_id=enrolment.ids[key][0],
            lot_id=enrolment.ids[key][1],
        )
        for key, account in enrolment.accounts.items()
    }


def welcome_later(
    customer: Customer,
    program_ids: Collection[int],
    *,
    catalog: ProgramCatalog,
    organization: Organization,
    by: Actor,
    now: datetime,
) -> None:
    """Post the deferred welcome awards of these programs. Call it under the customer's lock."""
    states = lock_accounts([customer.pk], zone=organization.zone)
    memberships = Membership.objects.filter(customer=customer, program_id__in=program_ids).select_related("tier")
    welcome(
        {AccountKey(membership.customer_id, membership.program_id): membership for membership in memberships},
        states=states,
        customers={customer.pk: customer},
        catalog=catalog,
        organization=organization,
        by=by,
        now=now,
    )


def _expiry(
    rule: EnrolmentRule,
    membership: Membership,
    customer: Customer,
    organization: Organization,
    fields: Sequence[FieldDefinition],
) -> Expiry:
    return expiry_of(
        rule.expiry,
        awarded_on=membership.enrolled_on.astimezone(organization.zone).date(),
        registered_on=customer.registered_on.astimezone(organization.zone).date(),
        field_date=field_dates(customer, fields),
    )


def _facts(current: CurrentProgram, membership: Membership, points: Decimal, by: Actor, now: datetime) -> EntryContext:
    return EntryContext(
        occurred_at=membership.enrolled_on,
        recorded_at=now,
        made_by=by.name,
        version=current.version,
        till=by.till,
        store=by.store,
        explanation={"because": WELCOME, "fixed": plain_digits(points)},
    )
