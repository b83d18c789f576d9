"""Search plans: every selective condition uses an index."""

import re
from decimal import Decimal

import pytest
from django.db import connection

import use_cases.search
from customers.field_terms.models import FieldTerm, IndexedField
from customers.identifiers.models import Identifier
from customers.profile.folding import fold_columns
from customers.profile.models import Customer
from customers.profile.text import search_form
from engagement.bills.models import PurchaseTotals
from engagement.points.models import PointsAccount
from engagement.programs.models import Membership, Program, Tier
from loyalty_project.db.ids import draw_ids
from loyalty_project.db.rows import insert_rows
from organizations.configuration import current_configuration
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.back_office import register
from tests.factories.bills import DAY
from tests.factories.customers import LONG_AGO
from tests.factories.fields import FieldFactory
from tests.factories.locations import StoreFactory, till_actor
from tests.factories.programs import ProgramFactory
from use_cases.merging import merge_customers
from use_cases.search import Search, search_customers

MANY = 4000
# The foreign key has an index as well; which one is taken does not matter.
OF_STORE = r"(customer_of_store|customers_customer_registered_store_id_\w+)"
INDEXES = {
    "(firstname:EXACT:Given7)": "customer_firstname",
    "(firstname:EQUALS:given7)": "customer_firstname",
    "(firstname:STARTS:given77)": "customer_firstname",
    "(firstname:ENDS:777)": "customer_firstname_reversed",
    "(firstname:IN:given7;given8)": "customer_firstname",
    "(lastname:EQUALS:family7)": "customer_lastname",
    "(lastname:STARTS:family77)": "customer_lastname",
    "(lastname:ENDS:y777)": "customer_lastname_reversed",
    **{
        f"({kind}:{condition})": index
        for kind, value in {"mobile": "919000000777", "email": "p777@example.com", "external_id": "X777"}.items()
        for condition, index in {
            f"EXACT:{value}": "identifier_folded",
            f"EQUALS:{value}": "identifier_folded",
            f"IN:{value};nobody": "identifier_folded",
            f"STARTS:{value[:-1]}": "identifier_folded",
            f"ENDS:{value[2:]}": "identifier_reversed",
        }.items()
    },
    "(registered_store:EQUALS:small)": OF_STORE,
    "(registered_store:IN:small;tiny)": OF_STORE,
    "(registered_date:ON:2020-01-03)": "customer_registered_on",
    "(registered_date:RANGE:2020-01-03;2020-01-04)": "customer_registered_on",
    "(registered_date:LESS:2020-01-03)": "customer_registered_on",
    "(registered_date:GREATER:2020-03-20)": "customer_registered_on",
    "(slab:EQUALS:gold)": "membership_of_tier",
    "(slab:EXACT:Gold)": "membership_of_tier",
    "(slab:IN:gold;silver)": "membership_of_tier",
    "(loyalty_points:EQUALS:7)": "points_account_of_program",
    "(loyalty_points:IN:7;8)": "points_account_of_program",
    "(loyalty_points:GREATER:3900)": "points_account_of_program",
    "(loyalty_points:RANGE:7;9)": "points_account_of_program",
    "(lifetime_points:RANGE:7;9)": "points_account_lifetime",
    "(lifetime_purchases:GREATER:3900)": "purchases_amount",
    "(last_trans_value:EQUALS:7)": "purchases_last_amount",
    "(town:EQUALS:town 7)": "field_term_folded",
    "(town:IN:town 7;town 8)": "field_term_folded",
    "(town:STARTS:town 77)": "field_term_folded",
    "(town:ENDS:777)": "field_term_reversed",
    "(town:EXACT:Town 7)": "customer_field_values",
    "(motto:EQUALS:MOTTO 7)": "customer_field_values",
    "(motto:EXACT:Motto 7)": "customer_field_values",
    "(motto:IN:motto 7;motto 8)": "customer_field_values",
    # Where one condition selects, the others are looked at for those few alone.
    "(loyalty_points:LESS:4000)&(mobile:EQUALS:919000000777)": "identifier_folded",
    "(motto:STARTS:m)&(firstname:EQUALS:given7)": "customer_firstname",
    "(motto:ENDS:7)&(mobile:ENDS:00777)": "identifier_reversed",
}


@pytest.fixture
def crowd(organization: Organization) -> Organization:
    """Thousands of customers without a value in common."""
    Program.objects.update(is_default=False)
    program = ProgramFactory(
        organization=organization,
        name="Crowd",
        is_default=True,
        rules={"tiers": [{"name": "Bronze"}, {"name": "Silver"}, {"name": "Gold"}]},
    )
    tiers = list(Tier.objects.filter(program=program).order_by("position"))
    town, motto = (
        FieldFactory(organization=organization, name="town", is_searchable=True),
        FieldFactory(organization=organization, name="motto"),
    )
    IndexedField.objects.create(organization=organization, field=town, is_complete=True)
    stores = [StoreFactory(organization=organization, code=code) for code in ("large", "small", "tiny")]
    of = {"organization_id": organization.pk}
    people = []
    for n, pk in enumerate(draw_ids(Customer, MANY)):
        person = Customer(
            **of, pk=pk, firstname=f"Given{n}", lastname=f"Family{n}", registered_on=LONG_AGO + n * (DAY / 50),
            updated_on=LONG_AGO, registered_store=stores[(n % 100 == 0) + (n % 1000 == 1)],
            field_values={str(town.pk): f"Town {n}", str(motto.pk): f"Motto {n}"},
        )  # fmt: skip
        fold_columns(person)
        people.append(person)
    insert_rows(people)
    everybody = [(n, person.pk) for n, person in enumerate(people)]
    values = {"mobile": "919{:09}", "email": "p{}@example.com", "external_id": "X{}"}
    identifiers = [(pk, kind, form.format(n)) for n, pk in everybody for kind, form in values.items()]
    insert_rows(
        [
            Identifier(**of, customer_id=pk, kind=kind, value=value, value_folded=search_form(value))
            for pk, kind, value in identifiers
        ]
    )
    insert_rows([FieldTerm(**of, customer_id=pk, field=town, folded=f"town {n}", position=1) for n, pk in everybody])
    insert_rows(
        [
            Membership(
                **of, customer_id=pk, program=program, enrolled_on=LONG_AGO, tier=tiers[(n % 50 == 0) + (n % 500 == 0)],
                tier_since=LONG_AGO,
            )
            for n, pk in everybody
        ]
    )  # fmt: skip
    insert_rows(
        [PointsAccount(**of, customer_id=pk, program=program, balance=Decimal(n), lifetime=Decimal(n)) for n, pk in everybody]
    )
    insert_rows([PurchaseTotals(**of, customer_id=pk, amount=Decimal(n), last_amount=Decimal(n)) for n, pk in everybody])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return organization


def plan_of(q: str, organization: Organization) -> str:
    """How the database counts what a search finds."""
    plans: list[str] = []

    def explain(execute, sql, params, many, context):
        if sql.startswith("SELECT COUNT(*)"):
            execute(f"EXPLAIN {sql}", params, many, context)
            plans.append("\n".join(line for (line,) in context["cursor"].fetchall()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        hits = search_customers(Search(text=q, start=0, rows=1), configuration=current_configuration())
    assert 0 < hits.count <= 1000, (q, hits.count)
    (plan,) = plans
    return plan


def test_every_condition_that_selects_uses_an_index(crowd: Organization) -> None:
    plans = {q: plan_of(q, crowd) for q in INDEXES}
    assert {q: plan for q, plan in plans.items() if not re.search(rf"\b{INDEXES[q]}\b", plan)} == {}


def count_of(q: str, organization: Organization) -> int:
    return search_customers(Search(text=q, start=0, rows=10), configuration=current_configuration()).count


def test_values_of_a_merged_customer_find_the_survivor(till: Till) -> None:
    organization = till.organization
    town = FieldFactory(organization=organization, name="town", type="multi", options=["Pune", "Punakha"], is_searchable=True)
    IndexedField.objects.create(organization=organization, field=town, is_complete=True)
    victim = register(
        till, mobile="9812300002", email="rao2@example.com", firstname="Rao", custom_fields={"field": [
            {"name": "town", "value": "Pune,Punakha"}]},
    )  # fmt: skip
    survivor = register(till, mobile="9812300001", firstname="Rao", registered_on="2020-01-01")
    searches = {
        "(firstname:rao)": 2, "(firstname:ENDS:ao)": 2, "(mobile:STARTS:91)": 2, "(mobile:ENDS:2)": 1, "(email:STARTS:rao)": 1,
        "(town:STARTS:pun)": 1, "(town:IN:pune;punakha)": 1, "(town:EXACT:Pune)": 1, "(loyalty_points:EQUALS:0)": 2,
        "(slab:EQUALS:NONE)": 2, f"(org_id:EQUALS:{organization.pk})": 2, "(registered_date:GREATER:2019-01-01)": 2,
        "(slab:NONE)&(mobile:STARTS:91)": 2,
    }  # fmt: skip
    assert {q: count_of(q, organization) for q in searches} == searches
    merge_customers(survivor=survivor.pk, victim=victim.pk, by=till_actor(till))
    assert {q: count_of(q, organization) for q in searches} == dict.fromkeys(searches, 1)
    for q in searches:
        (row,) = search_customers(Search(text=q, start=0, rows=10), configuration=current_configuration()).rows
        assert (row["user_id"], row["mobile"]) == (str(survivor.pk), "919812300001")


@pytest.mark.parametrize("read_in_order", [0, 200_000], ids=["by rows", "in order"])
def test_what_0_meets_is_counted_and_paged_alike_by_any_plan(
    organization: Organization, till: Till, monkeypatch: pytest.MonkeyPatch, read_in_order: int
) -> None:
    monkeypatch.setattr(use_cases.search, "_READ_IN_ORDER", read_in_order)
    people = [register(till, mobile=f"91981239000{n}") for n in range(6)]
    for number, customer in enumerate(people):
        PointsAccount.objects.filter(customer=customer).update(lifetime=10 * number, balance=10 * number)
    merge_customers(survivor=people[1].pk, victim=people[2].pk, by=till_actor(till))
    guest = register(till, email="guest@example.com", type="NON_LOYALTY")

    def found(text: str, start: int = 0, rows: int = 10) -> tuple[int, list[str]]:
        hits = search_customers(Search(text=text, start=start, rows=rows), configuration=current_configuration())
        return hits.count, [row["user_id"] for row in hits.rows]

    ids = [str(customer.pk) for customer in (people[0], people[1], people[3], people[4], people[5], guest)]
    for attribute in ("loyalty_points", "lifetime_points"):
        assert found(f"({attribute}:LESS:35)") == (4, [ids[0], ids[1], ids[2], ids[5]])
        assert found(f"({attribute}:LESS:35)", start=1, rows=2) == (4, [ids[1], ids[2]])
        assert found(f"({attribute}:LESS:1000)") == (6, ids)
        assert found(f"({attribute}:EQUALS:0)") == (2, [ids[0], ids[5]])
        assert found(f"({attribute}:LESS:35)&(mobile:STARTS:9)") == (3, ids[:3])
    assert found("(lifetime_purchases:LESS:1)") == (6, ids)
