"""Awards of occasions: birthdays, anniversaries of the registration, and complete profiles (docs/organization-file.md).

The reference of an entry keeps an occasion from being awarded twice: `points_entry_reference_unique` is underneath.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import BigIntegerField, CharField

from customers.profile.locks import lock_customers
from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks
from engagement.earning.models import OccasionRun
from engagement.numbers.rounding import TooManyPointsError, round_points
from engagement.points.activity import keep_alive
from engagement.points.expiry import ExpiryError, expiry_of
from engagement.points.explanations import OCCASION
from engagement.points.field_dates import field_dates
from engagement.points.ledger.movements import award
from engagement.points.ledger.posting import AccountState, EntryContext
from engagement.points.ledger.repository import lock_accounts, settle_states, write_accounts
from engagement.points.models import PointsEntry
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import CurrentProgram, ProgramCatalog
from engagement.programs.expiry_rules import Activity
from engagement.programs.occasion_rules import OccasionKind, OccasionRule
from loyalty_project.db.lookups import is_any_of
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.moments import from_wall
from loyalty_project.protocol.numbers import plain_digits
from organizations.audit.actors import Actor
from organizations.tenancy.models import Organization
from organizations.tenancy.statements import fetch_rows

MOST_DAYS: Final = 31
_BATCH: Final = 500
# Members with the birthday or the anniversary on one of the days (MM-DD), not before it happened first.
_MEMBERS: Final = """
SELECT customer.id FROM engagement_membership AS membership
JOIN customers_customer AS customer ON customer.organization_id = %(organization)s AND customer.id = membership.customer_id
WHERE membership.organization_id = %(organization)s AND membership.program_id = %(program)s AND customer.id > %(reached)s
    AND customer.type = 'LOYALTY' AND (membership.enrolled_on AT TIME ZONE %(zone)s)::date <= %(day)s::date
    AND {condition}
ORDER BY customer.id LIMIT %(limit)s
"""
_CONDITIONS: Final[Mapping[OccasionKind, str]] = {
    OccasionKind.BIRTHDAY: """substr(customer.field_values ->> %(field)s::text, 6) = ANY(%(days)s::text[])
    AND customer.field_values ->> %(field)s::text <= %(latest)s::text""",
    OccasionKind.ANNIVERSARY: """to_char(customer.registered_on AT TIME ZONE %(zone)s, 'MM-DD') = ANY(%(days)s::text[])
    AND extract(year FROM customer.registered_on AT TIME ZONE %(zone)s) < extract(year FROM %(day)s::date)""",
}


@dataclass(frozen=True, slots=True)
class Occasion:
    """An occasion of a program on a day."""

    current: CurrentProgram
    rule: OccasionRule
    day: date


def days_to_award(organization: Organization, *, today: date) -> list[date]:
    """The days since the last run, today included, at most 31; today alone before the first run."""
    last = OccasionRun.objects.filter(organization=organization).values_list("last_day", flat=True).first()
    first = today if last is None else max(last + timedelta(days=1), today - timedelta(days=MOST_DAYS - 1))
    return [first + timedelta(days=number) for number in range((today - first).days + 1)]


def note_run(organization: Organization, *, until: date) -> None:
    """Note that occasions were awarded until this day."""
    OccasionRun.objects.update_or_create(organization=organization, defaults={"last_day": until})


def award_day(day: date, *, catalog: ProgramCatalog, organization: Organization, by: Actor, now: datetime) -> Iterator[int]:
    """Award the birthdays and anniversaries of a day, a transaction for each batch; yield the number of awards of each.

    It may run beside itself and beside everything else, and again for the same day.
    """
    for current in catalog.active:
        for rule in current.rules.occasions:
            if rule.kind in _CONDITIONS and not current.program.is_paused:
                yield from _award_all(Occasion(current, rule, day), catalog, organization, by, now)


def _award_all(
    occasion: Occasion, catalog: ProgramCatalog, organization: Organization, by: Actor, now: datetime
) -> Iterator[int]:
    statement = _MEMBERS.format(condition=_CONDITIONS[occasion.rule.kind])
    values: dict[str, Any] = {
        "program": occasion.current.program.pk,
        "zone": organization.timezone,
        "day": occasion.day,
        "days": _recurring(occasion.day),
        "latest": occasion.day.isoformat(),
        "field": str(catalog.field_ids.get(occasion.current.rules.birthday_field, "")),
        "limit": _BATCH,
        "reached": 0,
    }
    while ids := [row[0] for row in fetch_rows(statement, values)]:
        values["reached"] = ids[-1]
        with transaction.atomic():
            customers = lock_customers(ids, may_be_erased=True)
            outcomes = award_occasions(
                {pk: [occasion] for pk in ids if pk in customers},
                customers=customers,
                catalog=catalog,
                organization=organization,
                by=by,
                at=from_wall(datetime.combine(occasion.day, time.min), organization.zone),
                now=now,
            )
        yield sum(len(outcome.entries) for outcome in outcomes.values())


def _recurring(day: date) -> list[str]:
    """Days of the year (MM-DD) that recur on this day: on February 28 also the 29th, in a year without one."""
    days = [f"{day:%m-%d}"]
    if days == ["02-28"] and (day + timedelta(days=1)).month == 3:
        days.append("02-29")
    return days


@dataclass(slots=True)
class OccasionAwards:
    """Entries and warnings of a customer's occasions."""

    entries: list[PointsEntry]
    notices: list[Notice]


def award_occasions(
    occasions: Mapping[int, Sequence[Occasion]],
    *,
    customers: Mapping[int, Customer],
    catalog: ProgramCatalog,
    organization: Organization,
    by: Actor,
    at: datetime,
    now: datetime,
) -> dict[int, OccasionAwards]:
    """Post the occasions that the customers (ids) have not had, dated `at`; the results by customer.

    Customers whose label forbids points get none. Warnings: 1093 if there is no expiry date, 1087 for too many digits. A
    constant number of queries. `customers` are locked. Call it in a transaction.
    """
    states = lock_accounts(occasions, zone=organization.zone)
    settle_states(states.values(), until=now, recorded_at=now)
    had = _references(occasions)
    outcomes: dict[int, OccasionAwards] = {}
    for pk, of_customer in occasions.items():
        if blocks(customers[pk], Block.POINTS_ISSUE, organization.policy):
            continue
        outcomes[pk] = outcome = OccasionAwards([], [])
        for occasion in of_customer:
            key = AccountKey(pk, occasion.current.program.pk)
            state = states.get(key)
            if state is None or (key, occasion.rule.reference(occasion.day.year)) in had:
                continue
            try:
                entry = _award(occasion, customers[pk], state, catalog, by=by, at=at, now=now)
            except (ExpiryError, TooManyPointsError) as error:
                is_expiry = isinstance(error, ExpiryError)
                outcome.notices.append(Notice(Code.EXPIRY_NOT_COMPUTED if is_expiry else Code.POINTS_NOT_REPRESENTABLE))
                continue
            outcome.entries += [entry] if entry else []
    write_accounts(states.values())
    return outcomes


def _references(occasions: Mapping[int, Sequence[Occasion]]) -> set[tuple[AccountKey, str]]:
    """The references of these occasions that are posted, also to accounts that merges moved to the customers."""
    names = {occasion.rule.reference(occasion.day.year) for of_one in occasions.values() for occasion in of_one}
    posted = PointsEntry.objects.filter(
        is_any_of("account__customer_id", occasions, BigIntegerField()),
        is_any_of("reference", names, CharField()),
        kind=PointsEntry.Kind.AWARD,
    )
    columns = ("account__customer_id", "account__program_id", "reference")
    return {(AccountKey(pk, program_id), reference) for pk, program_id, reference in posted.values_list(*columns)}


def _award(
    occasion: Occasion,
    customer: Customer,
    state: AccountState,
    catalog: ProgramCatalog,
    *,
    by: Actor,
    at: datetime,
    now: datetime,
) -> PointsEntry | None:
    rule, current = occasion.rule, occasion.current
    points = round_points(rule.points, current.rules.precision)
    if not points:
        return None
    expiry = expiry_of(
        rule.expiry,
        awarded_on=occasion.day,
        registered_on=customer.registered_on.astimezone(state.zone).date(),
        field_date=field_dates(customer, catalog.date_fields),
    )
    facts = EntryContext(
        occurred_at=at,
        recorded_at=now,
        made_by=by.name,
        reference=rule.reference(occasion.day.year),
        version=current.version,
        till=by.till,
        store=by.store,
        explanation={"because": OCCASION, "occasion": rule.name, "fixed": plain_digits(rule.points)},
    )
    entry = award(state, points, facts=facts, expiry=expiry)
    keep_alive(state, Activity.AWARD, on=occasion.day, rules=current.rules)
    return entry


def complete_profiles(customers: Iterable[Customer], *, catalog: ProgramCatalog, today: date) -> dict[int, list[Occasion]]:
    """The occasions of customers (loyalty ones) whose fields are filled, by the customer's id; no query."""
    occasions = [
        Occasion(current, rule, today)
        for current in catalog.active
        for rule in current.rules.occasions
        if rule.kind == OccasionKind.PROFILE_COMPLETE and not current.program.is_paused
    ]
    if not occasions:
        return {}
    found = {
        customer.pk: [occasion for occasion in occasions if _is_complete(customer, occasion.rule.fields, catalog.field_ids)]
        for customer in customers
        if customer.type == Customer.Type.LOYALTY
    }
    return {pk: of_customer for pk, of_customer in found.items() if of_customer}


def _is_complete(customer: Customer, fields: Collection[str], field_ids: Mapping[str, int]) -> bool:
    return all(name in field_ids and customer.value_of(field_ids[name]) not in (None, "", []) for name in fields)
