"""Registering and updating customers, for tills, imports and staff alike (docs/protocol.md 2.4, 2.5, 4.1, 4.2).

A till's item is a batch of one; an import file is batches of thousands. Both run the same steps: match, merge, apply in
memory, write once, join.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db import transaction

from customers.identifiers.models import Identifier
from customers.identifiers.numbering import ExternalIds
from customers.profile.models import Customer
from customers.registration.changes import new_state, touch, update_state
from customers.registration.context import InputContext
from customers.registration.input import CustomerInput
from customers.registration.matching import Plan, match
from customers.registration.options import IfExisting, RegistrationOptions
from customers.registration.state import CustomerState
from customers.registration.unit_of_work import CustomerBatch, open_batch
from engagement.points.models import PointsEntry
from engagement.programs.catalog import ProgramCatalog, load_catalog
from loyalty_project.protocol.best_effort import best_effort
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import ApartError, LoyaltyError, Notice, in_numeric_order
from loyalty_project.protocol.outcomes import repeated_at
from organizations.audit.actors import Actor
from organizations.configuration import Configuration, current_configuration
from referrals.campaigns.catalog import load_campaigns
from referrals.links.services import CONSTRAINTS as LINK_CONSTRAINTS
from referrals.rewards.models import Reward
from subscriptions.payloads import core_rows
from subscriptions.services import consents_of
from use_cases.joining import Joiner, RegistrationRun, join_customers
from use_cases.merging import CONSTRAINTS as MERGE_CONSTRAINTS
from use_cases.merging import merge_customers
from use_cases.referring import find_shared_codes, referrers_among

# The code of each broken constraint, if a race gets past the locks (docs/protocol.md 5.1: the same call may succeed later).
CONSTRAINTS: Mapping[str, Code] = {
    "identifier_value_unique": Code.EXTERNAL_ID_FAILED,
    "identifier_one_current_per_kind": Code.EXTERNAL_ID_FAILED,
    "customer_erased_is_empty": Code.PROFILE_NOT_UPDATED,
    "membership_unique": Code.ENROLMENT_FAILED,
    "points_account_unique": Code.ENROLMENT_FAILED,
    **MERGE_CONSTRAINTS,
    **LINK_CONSTRAINTS,
}


@dataclass(slots=True, kw_only=True)
class Registration:
    """Result of one item. `subscriptions` are rows as docs/protocol.md 3 prints them, `entries` the points it brought.

    `rewards` are those of a referral, of either side.
    """

    state: CustomerState
    is_new: bool
    is_changed: bool
    notices: Sequence[Notice]
    subscriptions: list[dict[str, str]] = field(default_factory=list)
    entries: list[PointsEntry] = field(default_factory=list)
    rewards: list[Reward] = field(default_factory=list)

    @property
    def customer(self) -> Customer:
        """The customer, saved."""
        return self.state.customer


def programs_of(configuration: Configuration) -> ProgramCatalog:
    """The programs of an organization, for interfaces that print them with each item."""
    return configuration.part(load_catalog)


def register_customer(
    customer_input: CustomerInput,
    *,
    context: InputContext,
    by: Actor,
    configuration: Configuration | None = None,
    all_programs: bool = False,
    defer_awards: bool = False,
) -> Registration:
    """Register a customer, or update the one that the identifiers lead to (docs/protocol.md 4.1).

    The flags are those of `RegistrationOptions`. Call it in a transaction. Raises `LoyaltyError` with the codes that
    docs/protocol.md 5.2 names from matching on, and `django.db` errors for locks (55P03) and broken constraints
    (`CONSTRAINTS`).
    """
    options = adding(context, all_programs=all_programs, defer_awards=defer_awards)
    return _only(register_each([customer_input], options=options, context=context, by=by, configuration=configuration))


def update_customer(
    customer_input: CustomerInput,
    *,
    context: InputContext,
    by: Actor,
    configuration: Configuration | None = None,
    defer_awards: bool = False,
) -> Registration:
    """Update the customer that the id or the identifiers lead to; none is created (docs/protocol.md 4.2).

    Errors as above, and 1011 or 1012 for an unknown customer.
    """
    options = updating(defer_awards=defer_awards)
    return _only(register_each([customer_input], options=options, context=context, by=by, configuration=configuration))


def adding(context: InputContext, *, all_programs: bool = False, defer_awards: bool = False) -> RegistrationOptions:
    """How customer/add registers."""
    if_existing: IfExisting = "reject" if context.policy.reject_existing_on_add else "update"
    return RegistrationOptions(if_existing=if_existing, all_programs=all_programs, defer_awards=defer_awards)


def updating(*, defer_awards: bool = False) -> RegistrationOptions:
    """How customer/update registers."""
    return RegistrationOptions(may_create=False, defer_awards=defer_awards, corrects_registration=True)


def register_each(
    inputs: Sequence[CustomerInput],
    *,
    options: RegistrationOptions,
    context: InputContext,
    by: Actor,
    configuration: Configuration | None = None,
) -> list[Registration | LoyaltyError]:
    """Register the inputs of a call with the consents of their customers, in a number of queries that does not grow.

    Results and errors as `register_all`. Of several inputs, those that cannot share their statements raise `ApartError`: one
    that merges customers, concerns the customer of an earlier one, or brings rewards of a referral.
    """
    results = register_all(
        inputs, options=options, context=context, by=by, configuration=configuration, may_merge=len(inputs) == 1
    )
    registered = [result for result in results if isinstance(result, Registration)]
    if len(inputs) > 1:
        _check_together(results)
    _read_subscriptions(
        [
            registration
            for registration, given in zip(results, inputs, strict=True)
            if isinstance(registration, Registration) and (given.consents or not registration.is_new or not options.may_create)
        ],
        is_alone=len(registered) == 1,
    )
    return results


def register_all(
    inputs: Sequence[CustomerInput],
    *,
    options: RegistrationOptions,
    context: InputContext,
    by: Actor,
    configuration: Configuration | None = None,
    external_ids: ExternalIds | None = None,
    may_merge: bool = True,
) -> list[Registration | LoyaltyError]:
    """Register a batch in its order; each input sees the changes of the earlier ones.

    The number of queries does not grow with the batch; only an input that merges customers costs queries of its own. A refused
    input is its `LoyaltyError` in the answer, and leaves no trace. Without `configuration` it is the present one, at the
    cost of a statement. Generated external ids come from `external_ids`, where large batches have drawn them ahead. Raises
    `ApartError` for the first input that merges customers unless it `may_merge`. Call it in a transaction.
    """
    configuration = configuration or current_configuration()
    run = RegistrationRun(
        options=options,
        context=context,
        catalog=configuration.part(load_catalog),
        campaigns=configuration.part(load_campaigns),
        external_ids=external_ids or ExternalIds(context.policy),
        codes=find_shared_codes(inputs),
        by=by,
    )
    results: list[Registration | LoyaltyError] = []
    while len(results) < len(inputs):
        results += _register_until_merge(inputs[len(results) :], run)
        if len(results) < len(inputs):
            if not may_merge:
                raise ApartError(len(results))
            results.append(_register_with_merge(inputs[len(results)], run))
            # The owner of a code may be merged by now.
            run = replace(run, codes=find_shared_codes(inputs[len(results) :]))
    return results


def _register_until_merge(inputs: Sequence[CustomerInput], run: RegistrationRun) -> list[Registration | LoyaltyError]:
    """Register the inputs before the first one that merges customers: a merge works on stored rows."""
    batch = _open_batch(inputs, run)
    results: list[Registration | LoyaltyError] = []
    for customer_input in inputs:
        try:
            plan = _match(customer_input, batch, run)
            if plan.victims and not (run.options.skips_existing or run.options.rejects_existing):
                break
            results.append(_apply(customer_input, plan, batch, run))
        except LoyaltyError as refusal:
            results.append(refusal)
    _write_and_join(inputs[: len(results)], results, batch, run)
    return results


def _register_with_merge(customer_input: CustomerInput, run: RegistrationRun) -> Registration | LoyaltyError:
    """Merge the customers that the identifiers lead to, then register the input (docs/protocol.md 2.4 E, F).

    All in a savepoint: if the input is refused after all, no customers are merged.
    """
    try:
        with transaction.atomic():
            plan = _match(customer_input, _open_batch([customer_input], run), run)
            merges = bool(plan.victims)
            plan = replace(plan, notices=(*plan.notices, *_merge_victims(plan, run)), victims=())
            run = replace(run, codes=find_shared_codes([customer_input]))
            batch = _open_batch([customer_input], run)
            if plan.state is not None:
                plan = replace(plan, state=batch.by_id[plan.state.customer.pk])
            registration = _apply(customer_input, plan, batch, run)
            registration.is_changed |= merges
            _write_and_join([customer_input], [registration], batch, run)
            return registration
    except LoyaltyError as refusal:
        return refusal


def _open_batch(inputs: Sequence[CustomerInput], run: RegistrationRun) -> CustomerBatch:
    referrers = referrers_among(inputs, run.codes)
    return open_batch(inputs, organization=run.context.organization, policy=run.context.policy, others=referrers)


def _match(customer_input: CustomerInput, batch: CustomerBatch, run: RegistrationRun) -> Plan:
    """The plan of an input. Where external ids are generated, a sent one is ignored."""
    context, may_create = run.context, run.options.may_create
    generates = may_create and context.policy.generates_external_ids
    if generates:
        customer_input.identifiers.pop(Identifier.Kind.EXTERNAL_ID, None)
    plan = match(customer_input, batch.find(customer_input), context.policy, may_create=may_create)
    if generates and plan.state is None:
        plan.identifiers[Identifier.Kind.EXTERNAL_ID] = run.external_ids.next()
    return plan


def _merge_victims(plan: Plan, run: RegistrationRun) -> list[Notice]:
    """Merge the plan's victims into its customer; the warnings."""
    notices: list[Notice] = []
    for victim in plan.victims:
        assert plan.state is not None  # noqa: S101 - only a known customer has victims
        notices += merge_customers(survivor=plan.state.customer.pk, victim=victim.customer.pk, by=run.by).notices
    return notices


def _apply(customer_input: CustomerInput, plan: Plan, batch: CustomerBatch, run: RegistrationRun) -> Registration:
    """Apply one input to the states in memory."""
    _check_programs(customer_input, plan, run.catalog)
    if plan.state is None:
        return _create(customer_input, plan, batch, run)
    if run.options.rejects_existing:
        raise LoyaltyError(Code.ALREADY_REGISTERED)
    if run.options.skips_existing:
        # A skipped customer gets no card and no referrer, and keeps the stored consents.
        customer_input.card_number = customer_input.series_code = customer_input.referral_code = ""
        customer_input.consents = []
        return Registration(state=plan.state, is_new=False, is_changed=False, notices=())
    return _update(plan.state, customer_input, plan, batch, run)


def _check_programs(customer_input: CustomerInput, plan: Plan, catalog: ProgramCatalog) -> None:
    """Refuse a customer who would join if there is no program: 1023 (docs/protocol.md 7)."""
    is_member = plan.state is not None and plan.state.customer.type == Customer.Type.LOYALTY
    customer_type = customer_input.customer.type or (Customer.Type.LOYALTY if plan.state is None else "")
    if catalog.is_empty and not is_member and customer_type == Customer.Type.LOYALTY:
        raise LoyaltyError(Code.ENROLMENT_FAILED)


def _create(customer_input: CustomerInput, plan: Plan, batch: CustomerBatch, run: RegistrationRun) -> Registration:
    state, notices = new_state(customer_input, plan, context=run.context, by=run.by.name)
    batch.add(state)
    return Registration(state=state, is_new=True, is_changed=True, notices=[*customer_input.notices, *plan.notices, *notices])


def _update(
    state: CustomerState, customer_input: CustomerInput, plan: Plan, batch: CustomerBatch, run: RegistrationRun
) -> Registration:
    revision = state.revision
    notices = update_state(state, customer_input, plan, context=run.context, options=run.options, by=run.by.name)
    for kind, value in plan.identifiers.items():
        batch.set_identifier(state, kind, value)
    is_changed = state.revision > revision
    if is_changed or run.options.always_touch:
        touch(state, customer_input.customer.updated_on or run.context.now)
    all_notices = [*customer_input.notices, *plan.notices, *notices]
    return Registration(state=state, is_new=False, is_changed=is_changed, notices=all_notices)


def _write_and_join(
    inputs: Sequence[CustomerInput], results: Sequence[Registration | LoyaltyError], batch: CustomerBatch, run: RegistrationRun
) -> None:
    """Store the batch, then give its customers their cards, consents and programs."""
    batch.write(by=run.by)
    pairs = [(given, result) for given, result in zip(inputs, results, strict=True) if isinstance(result, Registration)]
    joiners = [Joiner(customer_input=given, state=result.state, is_new=result.is_new) for given, result in pairs]
    join_customers(joiners, run, locked={pk: state.customer for pk, state in batch.by_id.items()})
    for joiner, (_, registration) in zip(joiners, pairs, strict=True):
        registration.is_changed |= joiner.is_changed
        registration.entries = joiner.entries
        registration.rewards = joiner.rewards
        registration.notices = in_numeric_order([*registration.notices, *joiner.notices])


def _check_together(results: Sequence[Registration | LoyaltyError]) -> None:
    """Raise `ApartError` for results that would be others if the inputs were registered one by one.

    All are named at once: a set is registered once in vain, not once for each of them.
    """
    customers = [result.customer.pk if isinstance(result, Registration) else None for result in results]
    rewarded = [index for index, result in enumerate(results) if isinstance(result, Registration) and result.rewards]
    if apart := sorted({*rewarded, *repeated_at(customers)}):
        raise ApartError(*apart)


def _read_subscriptions(registrations: Sequence[Registration], *, is_alone: bool) -> None:
    """Add the stored consents to the answers: one query. 91002 if those of one customer `is_alone` cannot be read."""
    if not registrations:
        return
    if not is_alone:
        _add_subscriptions(registrations)
        return
    notices: list[Notice] = []
    with best_effort(notices, [Notice(Code.SUBSCRIPTIONS_UNAVAILABLE)]):
        _add_subscriptions(registrations)
    for registration in registrations:
        registration.notices = in_numeric_order([*registration.notices, *notices])


def _add_subscriptions(registrations: Sequence[Registration]) -> None:
    consents_of_each = consents_of([registration.customer.pk for registration in registrations])
    for registration in registrations:
        consents = consents_of_each[registration.customer.pk]
        registration.subscriptions = core_rows({pair: consent.is_subscribed for pair, consent in consents.items()})


def _only(results: Sequence[Registration | LoyaltyError]) -> Registration:
    (result,) = results
    if isinstance(result, LoyaltyError):
        raise result
    return result
