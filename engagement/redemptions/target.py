"""Customer and program of a redemption (docs/protocol.md, tills' part 1.2, 1.3)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from customers.lookup.references import UNKNOWN, find_by_references
from customers.lookup.statement import Found
from customers.profile.models import Customer
from customers.profile.reading import Reading, Section
from customers.statuses.rules import Block, blocks, label_of
from engagement.programs.catalog import CurrentProgram, ProgramCatalog, current_catalog
from engagement.programs.models import Membership
from engagement.redemptions.codes import PointsCode
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor
from organizations.policies import Policy

# Tills send it for "not given".
NO_PROGRAM: Final = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The program of a redemption, or the refusal that is due after other checks."""

    current: CurrentProgram | None = None
    refusal: LoyaltyError | None = None

    def program(self) -> CurrentProgram:
        """The program. Raises the refusal: 895 or 1101."""
        if self.current is None:
            raise self.refusal or LoyaltyError(PointsCode.NO_ACTIVE_PROGRAM)
        return self.current


def find_customer(
    references: Mapping[str, str],
    order: Sequence[str],
    *,
    by: Actor,
    country_code: str = "",
    sections: Sequence[Section] = (),
    reading: Reading | None = None,
) -> Found:
    """The customer of the first known reference, in this order, with what `sections` print of a `reading`.

    Raises `LoyaltyError` 802 without a reference or for a malformed one, and 816 if no reference is known.
    """
    found = find_by_references(references, order, by=by, country_code=country_code, sections=sections, reading=reading)
    if not isinstance(found, Found):
        raise LoyaltyError(PointsCode.CUSTOMER_NOT_FOUND if found in UNKNOWN else PointsCode.INVALID_CUSTOMER)
    return found


def choose_program(
    customer: Customer,
    program_id: str,
    *,
    by: Actor,
    catalog: ProgramCatalog | None = None,
    joined: Collection[int] | None = None,
) -> Target:
    """The program of `program_id`; if "" or "0", the till's if the customer is in it, else the default one.

    `joined` are the customer's programs (ids), if they are known: nothing is read then. So is the `catalog`.

    Raises `LoyaltyError` 881 for a customer who is not in any program, or not in that one.
    """
    if customer.type != Customer.Type.LOYALTY:
        raise LoyaltyError(PointsCode.NOT_IN_PROGRAM)
    catalog = catalog or current_catalog()
    if joined is None:
        joined = set(Membership.objects.filter(customer=customer).values_list("program_id", flat=True))
    named = "" if program_id.strip() == NO_PROGRAM else program_id.strip()
    target = _named(catalog, named) if named else _at_till(catalog, customer, joined, by)
    if target.current is not None and target.current.program.pk not in joined:
        raise LoyaltyError(PointsCode.NOT_IN_PROGRAM)
    return target


def check_not_blocked(customer: Customer, policy: Policy) -> None:
    """Raise `LoyaltyError` if the customer may not redeem: 3045 by a status label, 809 as fraud."""
    if blocks(customer, Block.POINTS_REDEEM, policy):
        raise LoyaltyError(PointsCode.BLOCKED_BY_STATUS if label_of(customer, policy) else PointsCode.FRAUD)


def _named(catalog: ProgramCatalog, program_id: str) -> Target:
    current = catalog.named(program_id)
    if current is None or not current.program.is_active:
        return Target(refusal=LoyaltyError(PointsCode.INVALID_PROGRAM))
    return Target(current=current)


def _at_till(catalog: ProgramCatalog, customer: Customer, joined: Collection[int], by: Actor) -> Target:
    series = catalog.card_series_of([customer.pk]).get(customer.pk, ())
    programs = catalog.programs_for(by.store, card_series=series)
    if programs.till_program is not None and programs.till_program.program.pk in joined:
        return Target(current=programs.till_program)
    return Target(current=programs.default)
