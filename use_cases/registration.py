"""What happens when somebody registers or is updated? Everything, from top to bottom, for tills, imports and staff alike.

A till's item is a batch of one; an import file is batches of thousands. Both run the same rules on people in memory and write
once (docs/protocol.md 2.4, 2.5, 4.1, 4.2).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from django.db import Error, transaction

from customers.cards.numbering import next_external_id
from customers.cards.services import give_card
from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from customers.registration.changes import new_person, touch, update_person
from customers.registration.input import CustomerInput, InputContext
from customers.registration.matching import Plan, match
from customers.registration.state import CustomerState
from customers.registration.unit_of_work import CustomerBatch, open_batch
from engagement.earning.enrolment import Enrolment, Joining, enrol
from engagement.earning.welcome import Welcome, fresh_states, welcome
from engagement.events.deferral import WELCOME, defer_event, has_waiting
from engagement.points.errors import points_code
from engagement.points.models import PointsEntry
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import CurrentProgram, ProgramCatalog, load_catalog
from engagement.programs.models import Membership
from loyalty_project.protocol.best_effort import side_step
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice, in_numeric_order
from organizations.audit.actors import Actor
from subscriptions.inline import keep_inline
from subscriptions.payloads import core_rows
from subscriptions.services import consents_of
from use_cases.merging import CONSTRAINTS as MERGE_CONSTRAINTS
from use_cases.merging import Merged, merge_customers

IfExisting = Literal["update", "skip", "reject"]
# What a broken constraint means, should a race ever get past the locks (docs/protocol.md 5.1: the same call may succeed later).
CONSTRAINTS: Mapping[str, Code] = {
    "identifier_value_unique": Code.EXTERNAL_ID_FAILED,
    "identifier_one_current_per_kind": Code.EXTERNAL_ID_FAILED,
    "membership_unique": Code.ENROLMENT_FAILED,
    "points_account_unique": Code.ENROLMENT_FAILED,
    **MERGE_CONSTRAINTS,
}


@dataclass(slots=True, kw_only=True)
class Registration:
    """What became of a draft. `subscriptions` are rows as docs/protocol.md 3 prints them, `entries` the points it brought."""

    person: CustomerState
    is_new: bool
    is_changed: bool
    notices: Sequence[Notice]
    subscriptions: list[dict[str, str]] = field(default_factory=list)
    entries: list[PointsEntry] = field(default_factory=list)

    @property
    def customer(self) -> Customer:
        """The customer, saved."""
        return self.person.customer


def register_customer(
    draft: CustomerInput,
    *,
    context: InputContext,
    by: Actor,
    programs: ProgramCatalog | None = None,
    all_programs: bool = False,
    defer_awards: bool = False,
) -> Registration:
    """Register the customer of `draft`, or update whom its identifiers lead to (docs/protocol.md 4.1).

    `all_programs` enrols in every program, not just the till's and the default one; `defer_awards` leaves what they give for
    joining to a worker (docs/protocol.md 1.8, Replay). Call it in a transaction. Raises `LoyaltyError` with the codes that
    docs/protocol.md 5.2 names from matching on, and `django.db` errors for locks (55P03) and broken constraints
    (`CONSTRAINTS`).
    """
    if_existing: IfExisting = "reject" if context.policy.reject_existing_on_add else "update"
    registration = _only(
        register_all(
            [draft],
            context=context,
            programs=programs,
            by=by,
            may_create=True,
            if_existing=if_existing,
            all_programs=all_programs,
            defer_awards=defer_awards,
        )
    )
    if draft.consents or not registration.is_new:
        _tell_consents(registration)
    return registration


def update_customer(
    draft: CustomerInput,
    *,
    context: InputContext,
    by: Actor,
    programs: ProgramCatalog | None = None,
    defer_awards: bool = False,
) -> Registration:
    """Update whom the id or identifiers of `draft` lead to; nobody is created (docs/protocol.md 4.2).

    Errors as above, and 1011 or 1012 for nobody.
    """
    registration = _only(
        register_all(
            [draft],
            context=context,
            programs=programs,
            by=by,
            may_create=False,
            defer_awards=defer_awards,
            corrects_registration=True,
        )
    )
    _tell_consents(registration)
    return registration


def register_all(
    drafts: Sequence[CustomerInput],
    *,
    context: InputContext,
    by: Actor,
    may_create: bool,
    programs: ProgramCatalog | None = None,
    if_existing: IfExisting = "update",
    all_programs: bool = False,
    defer_awards: bool = False,
    corrects_registration: bool = False,
    always_touch: bool = True,
) -> list[Registration | LoyaltyError]:
    """Work drafts in their order, in a number of queries that does not grow; each sees what the earlier ones did.

    `corrects_registration` lets a sent `registered_on` replace the stored one. `always_touch` dates everybody who is
    updated, even where nothing changed. `programs` are those of the organization; without them they are read. Call it in a
    transaction. A refused draft is its `LoyaltyError` in the answer and leaves no trace. Only a draft that merges customers
    costs queries of its own.
    """
    work = _Work(
        context=context,
        by=by,
        programs=load_catalog() if programs is None else programs,
        may_create=may_create,
        if_existing=if_existing,
        all_programs=all_programs,
        defer_awards=defer_awards,
        corrects_registration=corrects_registration,
        always_touch=always_touch,
    )
    results: list[Registration | LoyaltyError] = []
    while len(results) < len(drafts):
        results += _work_until_merge(drafts[len(results) :], work)
        if len(results) < len(drafts):
            results.append(_work_merging(drafts[len(results)], work))
    return results


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """How drafts are worked: what `register_all` was asked for."""

    context: InputContext
    by: Actor
    programs: ProgramCatalog
    may_create: bool
    if_existing: IfExisting
    all_programs: bool
    defer_awards: bool
    corrects_registration: bool
    always_touch: bool

    @property
    def adds(self) -> bool:
        """Whether customers who are known already join what somebody new would."""
        return self.may_create and not self.leaves_alone

    @property
    def rejects(self) -> bool:
        """Whether customers who are known already are refused."""
        return self.may_create and self.if_existing == "reject"

    @property
    def leaves_alone(self) -> bool:
        """Whether customers who are known already stay as they are."""
        return self.may_create and self.if_existing == "skip"


def _work_until_merge(drafts: Sequence[CustomerInput], work: _Work) -> list[Registration | LoyaltyError]:
    """Work the drafts before the first one that merges customers: a merge is done on what is stored."""
    directory = open_batch(drafts, organization=work.context.organization, policy=work.context.policy)
    results: list[Registration | LoyaltyError] = []
    for draft in drafts:
        try:
            plan = _plan(draft, directory, work)
            if plan.victims and not (work.leaves_alone or work.rejects):
                break
            results.append(_apply(draft, plan, directory, work))
        except LoyaltyError as refusal:
            results.append(refusal)
    _conclude(drafts[: len(results)], results, directory, work)
    return results


def _work_merging(draft: CustomerInput, work: _Work) -> Registration | LoyaltyError:
    """Work one draft whose identifiers belong to several customers: these become one first (docs/protocol.md 2.4 E, F).

    In a savepoint: where the draft is refused after all, nobody was merged.
    """
    context = work.context
    try:
        with transaction.atomic():
            plan = _plan(draft, open_batch([draft], organization=context.organization, policy=context.policy), work)
            merged = [_merge(plan, victim, work) for victim in plan.victims]
            directory = open_batch([draft], organization=context.organization, policy=context.policy)
            person = None if plan.person is None else directory.people[plan.person.customer.pk]
            notices = (*plan.notices, *(notice for one in merged for notice in one.notices))
            plan = replace(plan, person=person, victims=(), notices=notices)
            result = _apply(draft, plan, directory, work)
            result.is_changed |= bool(merged)
            _conclude([draft], [result], directory, work)
            return result
    except LoyaltyError as refusal:
        return refusal


def _merge(plan: Plan, victim: CustomerState, work: _Work) -> Merged:
    if plan.person is None:
        raise AssertionError("nobody to merge into")
    return merge_customers(survivor=plan.person.customer.pk, victim=victim.customer.pk, by=work.by)


def _apply(draft: CustomerInput, plan: Plan, directory: CustomerBatch, work: _Work) -> Registration:
    """Apply one draft to the people in memory."""
    _check_programs(draft, plan, work.programs)
    if plan.person is None:
        return _join(draft, plan, directory, work.context, work.by)
    if work.rejects:
        raise LoyaltyError(Code.ALREADY_REGISTERED)
    if work.leaves_alone:
        # Who is left alone gets no card either, and keeps to what they said.
        draft.card_number = draft.series_code = ""
        draft.consents = []
        return Registration(person=plan.person, is_new=False, is_changed=False, notices=())
    return _update(
        plan.person,
        draft,
        plan,
        directory,
        work.context,
        work.by,
        corrects_registration=work.corrects_registration,
        always_touch=work.always_touch,
    )


def _conclude(
    drafts: Sequence[CustomerInput], results: Sequence[Registration | LoyaltyError], directory: CustomerBatch, work: _Work
) -> None:
    """Store what became of the drafts, and what follows from it: cards, consents, programs."""
    context, by = work.context, work.by
    directory.write(by=by)
    for draft, result in zip(drafts, results, strict=True):
        if isinstance(result, Registration):
            cards = give_card(draft, result.person, context=context, by=by)
            result.notices = in_numeric_order([*result.notices, *cards.notices])
            result.is_changed |= cards.is_changed
    _keep_consents(drafts, results, context=context, by=by)
    _enrol(
        [result for result in results if isinstance(result, Registration)],
        context=context,
        programs=work.programs,
        by=by,
        adds=work.adds,
        all_programs=work.all_programs,
        defer_awards=work.defer_awards,
    )


def _check_programs(draft: CustomerInput, plan: Plan, programs: ProgramCatalog) -> None:
    """Nobody joins where there is nothing to join: 1023 (docs/protocol.md 7)."""
    type_ = draft.customer.type or (Customer.Type.LOYALTY if plan.person is None else "")
    joins = plan.person is None or plan.person.customer.type != Customer.Type.LOYALTY
    if programs.is_empty and joins and type_ == Customer.Type.LOYALTY:
        raise LoyaltyError(Code.ENROLMENT_FAILED)


def _enrol(
    registrations: Sequence[Registration],
    *,
    context: InputContext,
    programs: ProgramCatalog,
    by: Actor,
    adds: bool,
    all_programs: bool,
    defer_awards: bool,
) -> None:
    """Make loyalty customers members of their programs, with what these give for joining (docs/protocol.md 2.7, 4.1).

    An update enrols only who was converted by it; somebody known joins as of now, somebody new as of the registration.
    """
    loyal = {
        one.customer.pk: one
        for one in registrations
        if one.customer.type == Customer.Type.LOYALTY and (adds or one.person.old.get("type"))
    }
    if not loyal:
        return
    cards = programs.card_series_of(loyal)
    joinings = []
    for pk, one in loyal.items():
        there = programs.programs_for(one.customer.registered_store if one.is_new else by.store, card_series=cards.get(pk, ()))
        joined: Sequence[CurrentProgram] = programs.active if all_programs else there.both()
        if there.default is None:
            one.notices = in_numeric_order([*one.notices, Notice(Code.PROGRAM_INACTIVE)])
        joinings.append(
            Joining(customer=one.customer, programs=joined, at=one.customer.registered_on if one.is_new else context.now)
        )
    enrolment = enrol(joinings, organization=context.organization)
    if not enrolment.new:
        return
    waiting = _put_off(enrolment, loyal, by=by, all_of_them=defer_awards)
    now = {key: one for key, one in enrolment.new.items() if key.customer_id not in waiting}
    for pk, found in _welcome(now, enrolment, loyal, context, programs, by).items():
        loyal[pk].entries = found.entries
        loyal[pk].notices = in_numeric_order([*loyal[pk].notices, *found.notices])


def _put_off(enrolment: Enrolment, loyal: Mapping[int, Registration], *, by: Actor, all_of_them: bool) -> set[int]:
    """Leave what joining gives to a worker: where the call says so, and where earlier events wait (1094). Whose that is."""
    joined: defaultdict[int, list[int]] = defaultdict(list)
    for key in enrolment.new:
        joined[key.customer_id].append(key.program_id)
    known = [pk for pk in joined if not loyal[pk].is_new]
    behind = has_waiting(known) if known else set()
    for pk, program_ids in joined.items():
        if pk in behind:
            loyal[pk].notices = in_numeric_order([*loyal[pk].notices, Notice(Code.EVENTS_WAITING)])
        if all_of_them or pk in behind:
            defer_event(customer=loyal[pk].customer, kind=WELCOME, payload={"programs": program_ids}, by=by)
    return set(joined) if all_of_them else behind


def _welcome(
    memberships: Mapping[AccountKey, Membership],
    enrolment: Enrolment,
    loyal: Mapping[int, Registration],
    context: InputContext,
    programs: ProgramCatalog,
    by: Actor,
) -> Mapping[int, Welcome]:
    """What the programs give, in a savepoint: the customer is saved whatever becomes of it (docs/protocol.md 5)."""
    organization = context.organization
    try:
        with transaction.atomic():
            return welcome(
                memberships,
                states=fresh_states(enrolment, organization),
                customers={pk: one.customer for pk, one in loyal.items()},
                catalog=programs,
                organization=organization,
                by=by,
                now=context.now,
            )
    except Error as error:
        code = points_code(error)
        if code is None or len(loyal) != 1:
            raise
        return {pk: Welcome(notices=[Notice(code)]) for pk in loyal}


def _plan(draft: CustomerInput, directory: CustomerBatch, work: _Work) -> Plan:
    """Whom the draft means. Where external ids are generated, one that was sent means nobody."""
    context = work.context
    generates = work.may_create and context.policy.generates_external_ids
    if generates:
        draft.identifiers.pop(Identifier.Kind.EXTERNAL_ID, None)
    plan = match(draft, directory.find(draft), context.policy, may_create=work.may_create)
    if generates and plan.person is None:
        plan.identifiers[Identifier.Kind.EXTERNAL_ID] = next_external_id(context.organization, context.policy)
    return plan


def _join(draft: CustomerInput, plan: Plan, directory: CustomerBatch, context: InputContext, by: Actor) -> Registration:
    """Somebody new."""
    person, notices = new_person(draft, plan, context=context, by=by.name)
    directory.add(person)
    return Registration(person=person, is_new=True, is_changed=True, notices=[*draft.notices, *plan.notices, *notices])


def _update(
    person: CustomerState,
    draft: CustomerInput,
    plan: Plan,
    directory: CustomerBatch,
    context: InputContext,
    by: Actor,
    *,
    corrects_registration: bool,
    always_touch: bool,
) -> Registration:
    """Somebody known."""
    revision = person.revision
    notices = update_person(person, draft, plan, context=context, by=by.name, corrects_registration=corrects_registration)
    for kind, value in plan.identifiers.items():
        directory.set_identifier(person, kind, value)
    is_changed = person.revision > revision
    if is_changed or always_touch:
        touch(person, draft.customer.updated_on or context.now)
    return Registration(person=person, is_new=False, is_changed=is_changed, notices=[*draft.notices, *plan.notices, *notices])


def _keep_consents(
    drafts: Sequence[CustomerInput], results: Sequence[Registration | LoyaltyError], *, context: InputContext, by: Actor
) -> None:
    """The consents that came with the drafts."""
    said = [
        (result, draft.consents)
        for draft, result in zip(drafts, results, strict=True)
        if isinstance(result, Registration) and draft.consents
    ]
    outcomes = keep_inline([(result.customer.pk, pairs) for result, pairs in said], at=context.now, by=by)
    for (result, _), kept in zip(said, outcomes, strict=True):
        result.notices = in_numeric_order([*result.notices, *kept.notices])
        result.is_changed |= kept.is_changed


def _tell_consents(registration: Registration) -> None:
    """What the customer said so far, for the answer; 91002 where that cannot be read."""
    notices: list[Notice] = []
    with side_step(notices, [Notice(Code.SUBSCRIPTIONS_UNAVAILABLE)]):
        customer_id = registration.customer.pk
        registration.subscriptions = core_rows(consents_of([customer_id])[customer_id])
    registration.notices = in_numeric_order([*registration.notices, *notices])


def _only(results: Sequence[Registration | LoyaltyError]) -> Registration:
    (result,) = results
    if isinstance(result, LoyaltyError):
        raise result
    return result
