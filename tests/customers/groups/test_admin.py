"""User groups in the back office, with their members."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from customers.groups import admin
from customers.groups.models import UserGroup
from customers.profile.models import Customer
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.back_office import errors_of, filled_form, list_of, log_in, page_of, register, shown, table_texts
from tests.factories.customers import CustomerFactory
from tests.factories.groups import UserGroupFactory, join_group
from tests.factories.staff import StaffMemberFactory

GROUPS = "customers_usergroup"
ADD = "/admin/customers/usergroup/add/"


@pytest.fixture
def family(organization: Organization) -> UserGroup:
    return UserGroupFactory(organization=organization, external_id="G1", name="Family")


def test_a_group_is_added_and_keeps_its_external_id(administrator: Client, organization: Organization) -> None:
    typed = {"external_id": "G1", "name": "Family"}
    assert administrator.post(ADD, filled_form(administrator, ADD, **typed)).status_code == 302
    group = UserGroup.objects.get()
    assert errors_of(administrator.post(ADD, filled_form(administrator, ADD, **typed))) == {
        "external_id": ["Is taken already."]
    }
    page = page_of(GROUPS, group)
    administrator.post(page, filled_form(administrator, page, external_id="G2", name="The family"))
    assert list(UserGroup.objects.values_list("external_id", "name")) == [("G1", "The family")]
    actions = AuditEntry.objects.filter(object_type="usergroup").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["created", "changed"]


def test_the_page_shows_the_members_the_primary_one_first(
    administrator: Client, family: UserGroup, anna: Customer, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No members yet." in administrator.get(page_of(GROUPS, family)).content.decode()
    boris = register(till, mobile="9812300002")
    join_group(family, anna.pk)
    join_group(family, boris.pk, role="PRIMARY")
    answer = administrator.get(page_of(GROUPS, family))
    assert [row[0] for row in table_texts(answer.context["table"])] == [str(boris), str(anna)]
    page = answer.content.decode()
    assert "anna.rao@example.com" in page
    assert page_of("customers_customer", anna) in page
    assert "are shown" not in page
    monkeypatch.setattr(admin, "MEMBERS_SHOWN", 1)
    answer = administrator.get(page_of(GROUPS, family))
    assert (len(answer.context["table"].rows), "Only the first 1 are shown." in answer.content.decode()) == (1, True)


def test_groups_are_listed_with_how_many_are_in_them(
    administrator: Client, organization: Organization, family: UserGroup, anna: Customer
) -> None:
    crew = UserGroupFactory(organization=organization, external_id="G2", name="Crew")
    join_group(family, anna.pk)
    rows = shown(administrator.get(list_of(GROUPS)))
    assert [(row, row.member_count) for row in rows] == [(family, 1), (crew, 0)]
    assert shown(administrator.get(list_of(GROUPS), {"q": "crew"})) == [crew]
    assert shown(administrator.get(list_of(GROUPS), {"q": "G1"})) == [family]
    administrator.post(list_of(GROUPS), {"action": "deactivate", "confirmed": "1", "_selected_action": [crew.pk]})
    assert shown(administrator.get(list_of(GROUPS), {"is_active__exact": "1"})) == [family]


def test_who_may_see_groups(auditor: Client, seller: Client, organization: Organization, family: UserGroup) -> None:
    agent = log_in(StaffMemberFactory(organization=organization, role="care_agent"))
    for browser in (auditor, agent):
        assert browser.get(page_of(GROUPS, family)).status_code == 200
        assert browser.post(page_of(GROUPS, family), {"name": "x"}).status_code == 403
    assert seller.get(list_of(GROUPS)).status_code == 403


def test_an_operator_sees_the_groups_of_every_organization(operator: Client, family: UserGroup, stranger: Till) -> None:
    bazaar = stranger.organization
    with organization_scope(bazaar):
        other = UserGroupFactory(organization=bazaar, external_id="G1")
        join_group(other, register(stranger, mobile="9812300001").pk)
    rows = shown(operator.get(list_of(GROUPS)))
    assert {(row.pk, row.member_count) for row in rows} == {(family.pk, 0), (other.pk, 1)}
    assert operator.get(page_of(GROUPS, other)).context["table"].note == "1"


@pytest.mark.parametrize("rows", [1, 3])
def test_list_and_page_cost_the_same_for_any_number(
    administrator: Client,
    organization: Organization,
    till: Till,
    rows: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    groups = UserGroupFactory.create_batch(rows, organization=organization)
    customers = CustomerFactory.create_batch(rows, organization=organization, with_identifiers=True)
    for group in groups:
        join_group(group, *(customer.pk for customer in customers))
    # Session, member of staff, the limit to stores, two counts, groups.
    with django_assert_num_queries(7):
        administrator.get(list_of(GROUPS))
    # Session, member of staff, the limit to stores, the group, members, their identifiers.
    with django_assert_num_queries(7):
        administrator.get(page_of(GROUPS, groups[0]))
