"""Catalog of an organization's programs: which of them apply at a till, and by which rules (docs/protocol.md 2.7).

All programs are read at once: they are few, and a batch needs them for every item.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Model, OuterRef

from customers.cards.models import Card
from engagement.programs.models import Program, ProgramVersion, Tier
from engagement.programs.rules import ProgramRules
from loyalty_project.protocol.values import read_id
from organizations.configuration import current_configuration
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentProgram:
    """A program with the newest version of its rules and its tiers, lowest first."""

    program: Program
    version: ProgramVersion
    tiers: tuple[Tier, ...]

    @property
    def rules(self) -> ProgramRules:
        """The rules of the newest version."""
        return self.version.typed_rules


class ApplicablePrograms(NamedTuple):
    """The programs that apply at a till. Both may be paused; the till's program is never the default one."""

    till_program: CurrentProgram | None
    default: CurrentProgram | None

    def both(self) -> list[CurrentProgram]:
        """The applicable programs, the till's first: the customer-level figures are those of the first."""
        return [program for program in self if program is not None]


class ProgramCatalog:
    """The programs of one organization by id, by name and by what they are bound to, without further queries."""

    def __init__(self, programs: Iterable[CurrentProgram], *, fields: Sequence[FieldDefinition] = ()) -> None:
        # Fields that hold dates, and the ids of all by name, extended ones last; none if no program's rules look at fields.
        self.date_fields = [definition for definition in fields if definition.type == FieldDefinition.Type.DATE]
        self.field_ids = {definition.name: definition.pk for definition in fields}
        self.by_id: dict[int, CurrentProgram] = {current.program.pk: current for current in programs}
        self.by_name: dict[str, CurrentProgram] = {current.program.name: current for current in self.by_id.values()}
        self._by_external_id = {
            current.program.external_id: current
            for current in self.by_id.values()
            if current.program.external_id is not None
        }  # fmt: skip
        # Active programs, the default one first, then by name.
        self.active = [current for current in self.by_id.values() if current.program.is_active]
        # The default program, unless it is switched off.
        self.default = next((current for current in self.active if current.program.is_default), None)
        self._by_binding: dict[str, dict[int, CurrentProgram]] = {binding: {} for binding in BINDINGS}
        self._unbound: list[CurrentProgram] = []
        self._older: dict[int, list[ProgramVersion]] = {}
        for current in self.active:
            bound = [(binding, key) for binding in BINDINGS for key in getattr(current.program, f"{binding}_ids")]
            for binding, key in bound:
                self._by_binding[binding][key] = current
            if not bound and not current.program.is_default:
                self._unbound.append(current)

    @property
    def is_empty(self) -> bool:
        """True if the organization never had a program (code 1023; one that is switched off is 1095)."""
        return not self.by_id

    def named(self, name: str) -> CurrentProgram | None:
        """The program of an external id or of our own id, tried in this order; None for an unknown one."""
        number = read_id(name)
        return self._by_external_id.get(number) or self.by_id.get(number)

    def programs_for(self, store: Store | None, *, card_series: Collection[int] = ()) -> ApplicablePrograms:
        """The programs that apply at a till of `store` for a customer with cards of these series (ids).

        The till's program is the one bound to the store's zone or concept, or to one of the series. If there is none, it is the
        first unbound program by name that is not the default one. Without a store, bindings to zones and concepts do not count.
        """
        return ApplicablePrograms(self._bound_to(store, card_series) or next(iter(self._unbound), None), self.default)

    @property
    def is_bound_to_card_series(self) -> bool:
        """True if which program applies depends on the customer's cards."""
        return bool(self._by_binding["card_series"])

    def candidates_for(self, store: Store | None) -> list[tuple[int, int | None]]:
        """The programs (ids) of which the first that fits is the till's program, as in `programs_for`.

        One with a card series (id) fits customers with a valid card of it, the others fit all.
        """
        bound = self._bound_to(store, ())
        if bound is not None:
            return [(bound.program.pk, None)]
        by_series = sorted(self._by_binding["card_series"].items())
        of_series: list[tuple[int, int | None]] = [(current.program.pk, series_id) for series_id, current in by_series]
        return of_series + [(current.program.pk, None) for current in self._unbound[:1]]

    def card_series_of(self, customer_ids: Collection[int]) -> dict[int, set[int]]:
        """Series (ids) of the customers' valid cards: one query, or none if no program is bound to a series."""
        if not self.is_bound_to_card_series:
            return {}
        held: defaultdict[int, set[int]] = defaultdict(set)
        cards = Card.objects.filter(customer_id__in=customer_ids, status__in=[Card.Status.ISSUED, Card.Status.ACTIVE])
        for customer_id, series_id in cards.values_list("customer_id", "series_id"):
            if customer_id is not None:
                held[customer_id].add(series_id)
        return held

    def programs_for_each(self, store: Store | None, customer_ids: Collection[int]) -> dict[int, ApplicablePrograms]:
        """The programs that apply at a till of `store` for each of these customers: one query at most."""
        series = self.card_series_of(customer_ids)
        return {pk: self.programs_for(store, card_series=series.get(pk, ())) for pk in customer_ids}

    def version_at(self, current: CurrentProgram, moment: datetime) -> ProgramVersion:
        """The version of a program's rules in force at `moment`; the newest for moments before the first version.

        One query for each program of which an older version is asked for.
        """
        newest = current.version
        if newest.number == 1 or newest.made_at <= moment:
            return newest
        older = self._older.get(current.program.pk)
        if older is None:
            older = list(ProgramVersion.objects.filter(program=current.program).order_by("-number"))
            self._older[current.program.pk] = older
        return next((version for version in older if version.made_at <= moment), newest)

    def _bound_to(self, store: Store | None, card_series: Collection[int]) -> CurrentProgram | None:
        if store is not None:
            for binding, key in (("zones", store.zone_id), ("concepts", store.concept_id)):
                if key is not None and key in self._by_binding[binding]:
                    return self._by_binding[binding][key]
        bound = (self._by_binding["card_series"].get(key) for key in sorted(card_series))
        return next((current for current in bound if current is not None), None)


# The series (ids) of the valid cards of the row `customer`: a column of a read's statement.
CARD_SERIES_COLUMN: Final = """(
        SELECT array_agg(DISTINCT card.series_id) FROM customers_card AS card
        WHERE card.organization_id = %(organization)s AND card.customer_id = customer.id AND card.status IN ('ISSUED', 'ACTIVE')
    )"""
# Bindings of a program by their name in the model and in the organization file, with the column of the other end.
BINDINGS: Mapping[str, str] = {"zones": "zone_id", "concepts": "concept_id", "card_series": "cardseries_id"}


def load_catalog() -> ProgramCatalog:
    """All programs of the scope's organization, a part of its configuration: three queries.

    One more if any program's rules look at a customer's fields.
    """
    bound = {
        f"{name}_ids": ArraySubquery(_links(name).filter(program=OuterRef("pk")).order_by(column).values(column))
        for name, column in BINDINGS.items()
    }
    programs = list(Program.objects.annotate(**bound))
    versions = newest_versions()
    tiers: defaultdict[int, list[Tier]] = defaultdict(list)
    for tier in Tier.objects.filter(is_active=True).order_by("program_id", "position"):
        tiers[tier.program_id].append(tier)
    current = [
        CurrentProgram(program=program, version=versions[program.pk], tiers=tuple(tiers[program.pk])) for program in programs
    ]
    reads_fields = any(program.rules.reads_customer_fields for program in current)
    fields = FieldDefinition.objects.filter(category__in=("custom", "extended")).order_by("category", "pk")
    return ProgramCatalog(current, fields=tuple(fields) if reads_fields else ())


def current_catalog() -> ProgramCatalog:
    """The programs of the scope's organization as they are now, for work that has no configuration at hand: one statement."""
    return current_configuration().part(load_catalog)


def newest_versions() -> dict[int, ProgramVersion]:
    """The version in force of every program in scope, by the program's id: one query."""
    newest = ProgramVersion.objects.order_by("program_id", "-number").distinct("program_id")
    return {version.program_id: version for version in newest}


def _links(name: str) -> Any:
    through: type[Model] = Program._meta.get_field(name).remote_field.through  # type: ignore[union-attr]  # a many-to-many field
    return through._default_manager
