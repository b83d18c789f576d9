"""Joining: cards, consents, programs and welcome awards of customers who were registered or updated.

Each step takes a batch of stored customers and adds its warnings to their results (docs/protocol.md 2.7, 4.1).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import Error

from customers.identifiers.numbering import ExternalIds
from customers.profile.models import Customer
from customers.registration.cards import give_card
from customers.registration.context import InputContext
from customers.registration.input import CustomerInput
from customers.registration.options import RegistrationOptions
from customers.registration.state import CustomerState
from engagement.earning.enrolment import Enrolment, Joining, enrol
from engagement.earning.occasions import OccasionAwards, award_occasions, complete_profiles
from engagement.earning.welcome import Welcome, fresh_states, welcome
from engagement.events.deferral import WELCOME, defer_event, has_waiting
from engagement.points.errors import points_code
from engagement.points.models import PointsEntry
from engagement.programs.catalog import ProgramCatalog
from loyalty_project.db.savepoints import confined
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from organizations.audit.actors import Actor
from referrals.campaigns.catalog import CampaignCatalog
from referrals.rewards.models import Reward
from subscriptions.inline import keep_inline
from use_cases.referring import SharedCodes, defer_rewards, link_all, reward_or_defer


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRun:
    """What all items of a call share: options, context, programs, campaigns, generated ids, referral codes and the actor."""

    options: RegistrationOptions
    context: InputContext
    catalog: ProgramCatalog
    campaigns: CampaignCatalog
    external_ids: ExternalIds
    codes: SharedCodes
    by: Actor


@dataclass(slots=True, kw_only=True)
class Joiner:
    """A stored customer, the item that named them, and the results of joining: warnings, points, rewards, changes."""

    customer_input: CustomerInput
    state: CustomerState
    is_new: bool
    is_changed: bool = False
    notices: list[Notice] = field(default_factory=list)
    entries: list[PointsEntry] = field(default_factory=list)
    rewards: list[Reward] = field(default_factory=list)

    @property
    def customer(self) -> Customer:
        """The customer, saved."""
        return self.state.customer

    def joins_programs(self, options: RegistrationOptions) -> bool:
        """True for a loyalty customer; in an update only for one that it converted."""
        is_loyalty = self.customer.type == Customer.Type.LOYALTY
        return is_loyalty and (options.enrols_existing or "type" in self.state.old)


def join_customers(joiners: Sequence[Joiner], run: RegistrationRun, *, locked: Mapping[int, Customer]) -> None:
    """Give cards, keep consents, enrol in programs, award complete profiles, and link to referrers.

    `locked` are the customers of the batch, the referrers that its items name among them. Call it in the transaction that
    stored the customers.
    """
    _give_cards(joiners, run)
    _keep_consents(joiners, run)
    _enrol(joiners, run)
    _complete_profiles(joiners, run)
    _refer(joiners, run, locked)


def _refer(joiners: Sequence[Joiner], run: RegistrationRun, locked: Mapping[int, Customer]) -> None:
    """Link to referrers those who gave a code, and reward the referred ones who became loyalty customers."""
    now = run.context.now
    asking = [joiner for joiner in joiners if joiner.customer_input.referral_code]
    linked: set[int] = set()
    if asking:
        joining = [(joiner.customer, joiner.customer_input, joiner.is_new) for joiner in asking]
        customers = {**locked, **{joiner.customer.pk: joiner.customer for joiner in joiners}}
        links = link_all(joining, run.codes, customers=customers, campaigns=run.campaigns, by=run.by, now=now)
        for joiner, link in zip(asking, links, strict=True):
            if link is None:
                joiner.notices.append(Notice(Code.REFERRAL_NOT_LINKED))
            else:
                linked.add(joiner.customer.pk)
    # A new customer without a code was not referred; one who was converted may have been.
    registered = {
        joiner.customer.pk: joiner.customer
        for joiner in joiners
        if joiner.customer.type == Customer.Type.LOYALTY
        and (joiner.customer.pk in linked if joiner.is_new else "type" in joiner.state.old)
    }
    if not registered or run.campaigns.is_empty:
        return
    if run.options.defer_awards:
        for customer in registered.values():
            defer_rewards(customer, by=run.by, at=now)
        return
    rewarded = reward_or_defer(registered, locked=locked, catalog=run.catalog, by=run.by, now=now)
    for joiner in joiners:
        result = rewarded.pop(joiner.customer.pk, None)
        if result is not None:
            joiner.rewards = result.rewards
            joiner.notices += result.notices


def _complete_profiles(joiners: Sequence[Joiner], run: RegistrationRun) -> None:
    """Award the occasions of profiles that are complete, once ever; no query if there are none."""
    organization, now = run.context.organization, run.context.now
    customers = {joiner.customer.pk: joiner.customer for joiner in joiners}
    complete = complete_profiles(customers.values(), catalog=run.catalog, today=now.astimezone(organization.zone).date())
    if not complete:
        return
    try:
        with confined():
            awards = award_occasions(
                complete, customers=customers, catalog=run.catalog, organization=organization, by=run.by, at=now, now=now
            )
    except Error as error:
        code = points_code(error)
        if code is None or len(customers) != 1:
            raise
        awards = {pk: OccasionAwards([], [Notice(code)]) for pk in customers}
    for joiner in joiners:
        award = awards.pop(joiner.customer.pk, None)
        if award is not None:
            joiner.entries = [*joiner.entries, *award.entries]
            joiner.notices += award.notices


def _give_cards(joiners: Sequence[Joiner], run: RegistrationRun) -> None:
    for joiner in joiners:
        card = give_card(joiner.customer_input, joiner.state, context=run.context, by=run.by)
        joiner.notices += card.notices
        joiner.is_changed |= card.is_changed


def _keep_consents(joiners: Sequence[Joiner], run: RegistrationRun) -> None:
    consenting = [joiner for joiner in joiners if joiner.customer_input.consents]
    consents = [(joiner.customer.pk, joiner.customer_input.consents) for joiner in consenting]
    for joiner, kept in zip(consenting, keep_inline(consents, at=run.context.now, by=run.by), strict=True):
        joiner.notices += kept.notices
        joiner.is_changed |= kept.is_changed


def _enrol(joiners: Sequence[Joiner], run: RegistrationRun) -> None:
    """Make loyalty customers members of their programs, and award what these give for joining."""
    members = {joiner.customer.pk: joiner for joiner in joiners if joiner.joins_programs(run.options)}
    if not members:
        return
    enrolment = enrol(_joinings(members, run), organization=run.context.organization)
    if enrolment.new:
        deferred = _defer_welcomes(enrolment, members, run)
        _welcome(enrolment, members, run, deferred=deferred)


def _joinings(members: Mapping[int, Joiner], run: RegistrationRun) -> list[Joining]:
    """The programs each member joins. A new customer joins as of the registration, a known one as of now."""
    card_series = run.catalog.card_series_of(members)
    joinings = []
    for pk, member in members.items():
        customer = member.customer
        store, at = (customer.registered_store, customer.registered_on) if member.is_new else (run.by.store, run.context.now)
        applicable = run.catalog.programs_for(store, card_series=card_series.get(pk, ()))
        if applicable.default is None:
            member.notices.append(Notice(Code.PROGRAM_INACTIVE))
        programs = run.catalog.active if run.options.all_programs else applicable.both()
        joinings.append(Joining(customer=customer, programs=programs, at=at, is_new=member.is_new))
    return joinings


def _defer_welcomes(enrolment: Enrolment, members: Mapping[int, Joiner], run: RegistrationRun) -> set[int]:
    """Leave awards to a worker: all if the call says so, else those of customers whose earlier events wait (1094).

    The answer has the ids of the customers whose awards are deferred.
    """
    joined: defaultdict[int, list[int]] = defaultdict(list)
    for key in enrolment.new:
        joined[key.customer_id].append(key.program_id)
    known = [pk for pk in joined if not members[pk].is_new]
    waiting = has_waiting(known) if known else set()
    for pk in joined:
        if pk in waiting:
            members[pk].notices.append(Notice(Code.EVENTS_WAITING))
    deferred = set(joined) if run.options.defer_awards else waiting
    for pk, program_ids in joined.items():
        if pk in deferred:
            defer_event(customer=members[pk].customer, kind=WELCOME, payload={"programs": program_ids}, by=run.by)
    return deferred


def _welcome(enrolment: Enrolment, members: Mapping[int, Joiner], run: RegistrationRun, *, deferred: set[int]) -> None:
    """Award what the programs give for joining, as a step: if it fails, a single customer is still saved (protocol 5)."""
    organization = run.context.organization
    try:
        with confined():
            welcomes = welcome(
                {key: membership for key, membership in enrolment.new.items() if key.customer_id not in deferred},
                states=fresh_states(enrolment, organization),
                customers={pk: member.customer for pk, member in members.items()},
                catalog=run.catalog,
                organization=organization,
                by=run.by,
                now=run.context.now,
            )
    except Error as error:
        code = points_code(error)
        if code is None or len(members) != 1:
            raise
        welcomes = {pk: Welcome(notices=[Notice(code)]) for pk in members}
    for pk, result in welcomes.items():
        members[pk].entries = result.entries
        members[pk].notices += result.notices
