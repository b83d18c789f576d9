"""Who wants to redeem points, and in which program? (docs/protocol.md, tills' part 1.2, 1.3)"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from customers.lookup.services import KEYS, LookupQuery, look_up
from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks, label_of
from engagement.programs.catalog import CurrentProgram, ProgramCatalog, load_catalog
from engagement.programs.models import Membership
from engagement.redemptions.codes import PointsCode
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor
from organizations.policies import Policy

# The order in which the references of a read count; of a write, the primary identifier comes before the other two.
READ_ORDER = ("id", "mobile", "email", "external_id", "card_number", "card_external_id")
_UNKNOWN = {Code.UNKNOWN_ID, Code.UNKNOWN_IDENTIFIER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The program that a redemption is to hit, or the refusal that comes in its turn."""

    standing: CurrentProgram | None = None
    refusal: LoyaltyError | None = None

    def program(self) -> CurrentProgram:
        """The program. Raises its refusal, 895 or 1101."""
        if self.standing is None:
            raise self.refusal or LoyaltyError(PointsCode.NO_ACTIVE_PROGRAM)
        return self.standing


def write_order(policy: Policy) -> Sequence[str]:
    """The order in which the references of a write count (docs/protocol.md 2.4): the id, the primary identifier, the others."""
    return tuple(dict.fromkeys(("id", policy.primary, "mobile", "external_id", "email", *KEYS)))


def first_reference(references: Mapping[str, str]) -> tuple[Mapping[str, str], Sequence[str]]:
    """What a read looks for: the one of its references that counts, with the order of all."""
    first = next((key for key in READ_ORDER if references.get(key, "").strip()), None)
    return ({first: references[first]} if first else {}), READ_ORDER


def find_customer(references: Mapping[str, str], order: Sequence[str], *, by: Actor, country_code: str = "") -> int:
    """The id of the customer whom the first known of the references, in this order, names.

    Raises `LoyaltyError` 802 where none is given or one is malformed, and 816 where they lead to nobody.
    """
    policy = by.organization.policy
    given = [(key, references[key].strip()) for key in order if references.get(key, "").strip()]
    for key, value in given:
        asked = LookupQuery(key=key, values=[value])
        (answer,) = look_up(asked, organization=by.organization, policy=policy, country_code=country_code)
        if answer.customer_id is not None:
            return answer.customer_id
        if answer.refusal not in _UNKNOWN:
            raise LoyaltyError(PointsCode.INVALID_CUSTOMER)
    raise LoyaltyError(PointsCode.CUSTOMER_NOT_FOUND if given else PointsCode.INVALID_CUSTOMER)


def choose_program(customer: Customer, program_id: str, *, by: Actor) -> Target:
    """The program of `program_id` ("" for none); else the till's, if the customer is in it; else the default one.

    Raises `LoyaltyError` 881 for a customer who is not in any, or not in that one.
    """
    if customer.type != Customer.Type.LOYALTY:
        raise LoyaltyError(PointsCode.NOT_IN_PROGRAM)
    catalog = load_catalog()
    joined = set(Membership.objects.filter(customer=customer).values_list("program_id", flat=True))
    choice = _named(catalog, program_id.strip()) if program_id.strip() else _at_till(catalog, customer, joined, by)
    if choice.standing is not None and choice.standing.program.pk not in joined:
        raise LoyaltyError(PointsCode.NOT_IN_PROGRAM)
    return choice


def check_not_blocked(customer: Customer, policy: Policy) -> None:
    """Whether the customer may redeem: else `LoyaltyError` 3045 where the status label forbids it, 809 where fraud does."""
    if blocks(customer, Block.POINTS_REDEEM, policy):
        raise LoyaltyError(PointsCode.BLOCKED_BY_STATUS if label_of(customer, policy) else PointsCode.FRAUD)


def _named(catalog: ProgramCatalog, program_id: str) -> Target:
    known = program_id.isascii() and program_id.isdigit()
    standing = catalog.by_id.get(int(program_id)) if known else None
    if standing is None or not standing.program.is_active:
        return Target(refusal=LoyaltyError(PointsCode.INVALID_PROGRAM))
    return Target(standing=standing)


def _at_till(catalog: ProgramCatalog, customer: Customer, joined: set[int], by: Actor) -> Target:
    series = catalog.card_series_of([customer.pk]).get(customer.pk, ())
    there = catalog.programs_for(by.store, card_series=series)
    if there.till_program is not None and there.till_program.program.pk in joined:
        return Target(standing=there.till_program)
    return Target(standing=there.default)
