"""The search box of every page: customers by anything that leads to them, and bills, tickets and cards by their numbers.

What is found is what the current user may see on the pages themselves: by permission, organization and stores.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext

from customers.back_office import IDENTIFIER_LABELS, identifier_line
from customers.cards.models import Card
from customers.finding.matches import Match, find_matches
from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from customers.search.staff import LONGEST_TERM, LookedUp, Reach, clean_term, last_digits, spellings_of
from engagement.bills.models import Bill
from engagement.coupons.lookup import coupons_of_codes
from engagement.coupons.models import Coupon
from engagement.coupons.states import state_of
from engagement.numbers.display import format_money, format_points
from engagement.points.balances import active_balances, read_balances
from engagement.programs.catalog import current_catalog
from loyalty_project import clock
from loyalty_project.db.timeouts import TookTooLongError, answered_within
from loyalty_project.protocol.plain_text import read_code
from loyalty_project.protocol.values import has_unusable_text
from organizations.audit.actors import Actor
from organizations.back_office.columns import name_of
from organizations.back_office.pages import page_of
from organizations.staff.reach import StaffReach, in_stores
from organizations.staff.sight import shown_identifier
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tickets.ticket.models import CODE_LENGTH, Ticket
from use_cases.reduced_card import OtherStoresCustomer, find_at_other_stores

# Seconds for each statement, after which the search ends.
LOOK_UP_SECONDS: Final = 2.0
# Most bills of a number that are shown, and that are compared: tills count from 1 every day.
BILLS: Final = 5
_BILLS_READ: Final = 1000
_LONGEST_NUMBER: Final = 50
# A number of fewer digits may be the end of a mobile as well: its whole match is opened only if nothing else matches.
_CLEAR_DIGITS: Final = 8
_WORDS: Final = {
    **{kind: label.lower() for kind, label in IDENTIFIER_LABELS.items()},
    LookedUp.CARD: "card",
    LookedUp.CARD_EXTERNAL_ID: "card",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A line of the answer: what was found, why, and the address of its page.

    `is_whole`: the term is the whole number, code or identifier. `lines` say more in small print. `points`, `tier` and `store`
    are those of a customer, "" without.
    """

    title: str
    why: str
    address: str
    icon: str
    is_whole: bool
    lines: Sequence[str] = ()
    points: str = ""
    tier: str = ""
    store: str = ""
    badge: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The hits of a term, the best first. `is_cut`: more would match. `took_too_long`: the search was ended.

    `needs_whole`: customers are found by whole values alone, because the user sees them masked.
    """

    term: str
    hits: Sequence[Hit] = ()
    is_cut: bool = False
    took_too_long: bool = False
    needs_whole: bool = False

    @property
    def clear_hit(self) -> Hit | None:
        """The hit that the term names beyond doubt; None if the user has to choose."""
        whole = [hit for hit in self.hits if hit.is_whole]
        if len(whole) != 1:
            return None
        is_short = self.term.isdigit() and len(self.term) < _CLEAR_DIGITS
        return whole[0] if not is_short or len(self.hits) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeker:
    """The current user: the organizations and what is in reach there. `actor` is None for operators of all organizations."""

    organizations: Sequence[Organization]
    reach: StaffReach
    actor: Actor | None

    @property
    def customers(self) -> Reach:
        """The customers in reach."""
        return Reach(organizations=self.organizations, stores=self.reach.stores, is_whole=not self.reach.sees_everyone)


def find(term: str, *, by: Seeker, limit: int) -> Findings:
    """What the term may mean: customers, `limit` at most, and bills, tickets and cards whose numbers it is.

    Nothing for a term that is too long or cannot be stored, and without the permission to view customers.
    """
    if len(term) > LONGEST_TERM or has_unusable_text(term) or not by.reach.may("customers.view_customer"):
        return Findings(term="")
    term = clean_term(term)
    if not term:
        return Findings(term="")
    try:
        with answered_within(LOOK_UP_SECONDS):
            coupons = list(_coupons(term, by))
            people = _people(term, by, coupons, limit + 1)
            things = [*(_coupon_hit(coupon) for coupon in coupons if coupon.customer_id is None), *_things(term, by)]
            others = find_at_other_stores(term, by=by.actor) if by.actor is not None else []
    except TookTooLongError:
        return Findings(term=term, took_too_long=True)
    hits = [*things, *_customer_hits(people[:limit], by), *map(_other_stores_hit, others)]
    return Findings(
        term=term,
        hits=sorted(hits, key=lambda hit: not hit.is_whole),
        is_cut=len(people) > limit,
        needs_whole=not by.reach.sees_everyone,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    """A customer to show, and why."""

    customer_id: int
    why: str
    is_whole: bool


def _people(term: str, by: Seeker, coupons: Iterable[Coupon], limit: int) -> list[_Person]:
    """The owners of the coupons, then the customers who match."""
    matches = find_matches(term, by.customers, limit=limit)
    # The id of a customer is a number like many others: it counts as whole if nothing else is meant by it.
    is_id = len(matches) == 1 and matches[0].kind == LookedUp.ID
    people = [
        *(person for coupon in coupons for person in _owner(coupon)),
        *(
            _Person(customer_id=match.customer_id, why=_reason(match, term), is_whole=match.is_whole or is_id)
            for match in matches
        ),
    ]
    first: dict[int, _Person] = {}
    for person in people:
        first.setdefault(person.customer_id, person)
    return list(first.values())[:limit]


def _reason(match: Match, term: str) -> str:
    match match.kind:
        case LookedUp.MOBILE_END:
            return gettext("mobile ends %(term)s") % {"term": last_digits(term)}
        case LookedUp.NAME | LookedUp.BOTH_NAMES:
            return gettext("name")
        case LookedUp.SIMILAR_NAME:
            return gettext("similar name")
        case LookedUp.ID:
            return gettext("customer id %(customer_id)s") % {"customer_id": match.customer_id}
        case kind:
            return f"{_WORDS[kind]} {shown_identifier(kind, match.value, customer_id=match.customer_id)}"


def _owner(coupon: Coupon) -> Iterator[_Person]:
    """The customer who has the coupon; none of a printed one that nobody has redeemed."""
    if coupon.customer_id is not None:
        why = gettext("coupon %(code)s, %(coupon)s") % {"code": coupon.code, "coupon": state_of(coupon, clock.now())}
        yield _Person(customer_id=coupon.customer_id, why=why, is_whole=True)


def _coupons(term: str, by: Seeker) -> Iterable[Coupon]:
    """The coupon of this code; for operators one of each organization."""
    code = read_code(term)
    if not by.reach.may("engagement.view_coupon") or len(code) > _LONGEST_NUMBER:
        return ()
    return by.customers.within(coupons_of_codes([code]), "customer__").select_related("series")


def _things(term: str, by: Seeker) -> Iterator[Hit]:
    """Bills, tickets, and cards that are no customer's yet."""
    code = read_code(term)
    if len(code) > _LONGEST_NUMBER:
        return
    yield from map(_bill_hit, _bills(code, by))
    yield from map(_ticket_hit, _tickets(code, by))
    yield from map(_card_hit, _unissued_cards(code, by))


def _bills(number: str, by: Seeker) -> Iterable[Bill]:
    """The latest bills of this number: those of the stores, and those of their customers at other stores."""
    if not by.reach.may("engagement.view_bill"):
        return ()
    ids = [organization.pk for organization in by.organizations]
    bills = Bill.objects.filter(organization__in=ids, number=number)
    numbered = in_stores(bills, by.reach.stores, "store", "customer__registered_store")
    some = numbered.order_by().values("pk")[:_BILLS_READ]
    return Bill.objects.filter(pk__in=some).select_related("customer", "store").order_by("-billed_at", "-pk")[:BILLS]


def _tickets(code: str, by: Seeker) -> Iterable[Ticket]:
    if not by.reach.may("tickets.view_ticket") or len(code) != CODE_LENGTH:
        return ()
    return by.customers.within(Ticket.objects.filter(code=code.lower()), "customer__").select_related("customer")


def _unissued_cards(number: str, by: Seeker) -> Iterable[Card]:
    """Cards of no customer, for staff of all stores: the list of cards shows them to nobody else."""
    if not by.reach.may("customers.view_card") or by.reach.stores:
        return ()
    cards = Card.objects.filter(number__in=spellings_of(number), customer=None).select_related("series")
    return by.customers.within(cards, "")


def _coupon_hit(coupon: Coupon) -> Hit:
    return Hit(
        title=gettext("Coupon %(code)s") % {"code": coupon.code},
        why=gettext("coupon code"),
        address=page_of(coupon),
        icon="confirmation_number",
        is_whole=True,
        lines=[gettext("%(series)s, not given to a customer yet") % {"series": coupon.series}],
    )


def _bill_hit(bill: Bill) -> Hit:
    customer = name_of(bill.customer) if bill.customer else gettext("no customer")
    facts = [f"{timezone.localtime(bill.billed_at):%Y-%m-%d}", f"{format_money(bill.amount)} {bill.currency}"]
    return Hit(
        title=gettext("Bill %(number)s") % {"number": bill.number},
        why=gettext("bill number"),
        address=page_of(bill),
        icon="receipt_long",
        is_whole=True,
        lines=[f"{customer} · {' · '.join(facts)}"],
        store=str(bill.store or ""),
    )


def _ticket_hit(ticket: Ticket) -> Hit:
    return Hit(
        title=gettext("Ticket %(code)s") % {"code": ticket.code},
        why=gettext("ticket code"),
        address=page_of(ticket),
        icon="support_agent",
        is_whole=True,
        lines=[f"{name_of(ticket.customer)} · {ticket}"],
        badge=ticket.status,
    )


def _card_hit(card: Card) -> Hit:
    return Hit(
        title=gettext("Card %(number)s") % {"number": card.number},
        why=gettext("card number"),
        address=page_of(card),
        icon="credit_card",
        is_whole=True,
        lines=[gettext("%(series)s, not issued") % {"series": card.series}],
    )


def _other_stores_hit(found: OtherStoresCustomer) -> Hit:
    return Hit(
        title=gettext("A customer of another store"),
        why=gettext(_WORDS[found.kind]),
        address=found.address,
        icon="badge",
        is_whole=True,
        lines=[gettext("Opens a reduced card. The opening is recorded with your name.")],
    )


def _customer_hits(people: Sequence[_Person], by: Seeker) -> list[Hit]:
    """The customers with what a list shows of them, in order: two queries, and two for each organization that has some."""
    current = Identifier.objects.filter(state=Identifier.State.CURRENT).order_by("-kind")
    rows = by.customers.within(Customer.objects.filter(pk__in=[person.customer_id for person in people]), "")
    unmerged = rows.filter(merged_into=None).select_related("registered_store")
    customers = {customer.pk: customer for customer in unmerged.prefetch_related(Prefetch("identifiers", queryset=current))}
    figures = _figures(customers.values(), by.organizations)
    return [
        _customer_hit(customers[person.customer_id], person, figures) for person in people if person.customer_id in customers
    ]


def _customer_hit(customer: Customer, person: _Person, figures: Mapping[int, tuple[str, str]]) -> Hit:
    points, tier = figures.get(customer.pk, ("", ""))
    return Hit(
        title=str(customer),
        why=person.why,
        address=page_of(customer),
        icon="person",
        is_whole=person.is_whole,
        lines=[identifier_line(customer)],
        points=points,
        tier=tier,
        store=str(customer.registered_store or ""),
    )


def _figures(customers: Collection[Customer], organizations: Iterable[Organization]) -> dict[int, tuple[str, str]]:
    """Points and tier of the customers in the default program, or else in the first active one that they are in."""
    figures: dict[int, tuple[str, str]] = {}
    for organization in organizations:
        ids = [customer.pk for customer in customers if customer.organization_id == organization.pk]
        if not ids:
            continue
        with organization_scope(organization):
            balances, catalog = read_balances(ids, organization=organization), current_catalog()
        for pk in ids:
            for _, balance in active_balances(balances.of_customer(pk), catalog)[:1]:
                figures[pk] = (
                    gettext("%(spendable)s points") % {"spendable": format_points(balance.spendable)},
                    balance.tier.name if balance.tier else "",
                )
    return figures
