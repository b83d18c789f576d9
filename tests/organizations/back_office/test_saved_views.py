"""Saved views of a list: whose they are, what they keep, and what is refused."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from customers.profile.models import Customer
from organizations.back_office.presets import ListLink
from organizations.saved_views import services
from organizations.saved_views.models import SavedView
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.back_office import list_of, log_in, shown
from tests.factories.organizations import OrganizationFactory
from tests.factories.staff import StaffMemberFactory

pytestmark = pytest.mark.django_db
CUSTOMERS = list_of("customers_customer")


def save(browser: Client, name: str, **query: str) -> str:
    """Save the view; the message, "" without one."""
    answer = browser.post(CUSTOMERS, {"view_name": name}, query_params=query)
    assert answer.status_code == 302
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def own_views(browser: Client, **query: str) -> list[ListLink]:
    """The saved views above the list."""
    return [link for link in browser.get(CUSTOMERS, query).context["cl"].presets if link.view_id]


def test_a_view_keeps_filters_and_order(administrator: Client, anna: Customer) -> None:
    assert save(administrator, "Members  of ours", type__exact="LOYALTY", o="0") == ""
    (view,) = own_views(administrator)
    assert (view.label, view.is_current) == ("Members of ours", False)
    answer = administrator.get(f"{CUSTOMERS}{view.link}")
    assert shown(answer) == [anna]
    assert [link.label for link in answer.context["cl"].presets if link.is_current] == ["Members of ours"]
    assert not answer.context["cl"].may_save_view


def test_a_view_keeps_nothing_that_names_a_person(administrator: Client, anna: Customer) -> None:
    save(administrator, "Loyal", q="anna", type__exact="LOYALTY")
    assert SavedView.objects.get().query == {"type__exact": "LOYALTY"}
    assert "Filter or sort the list first" in save(administrator, "Anna", q="anna")
    assert SavedView.objects.count() == 1


def test_the_same_name_replaces_the_view(administrator: Client, anna: Customer) -> None:
    save(administrator, "Mine", type__exact="LOYALTY")
    save(administrator, "Mine", joined="week")
    assert SavedView.objects.get().query == {"joined": "week"}


def test_a_view_is_seen_and_removed_by_its_member_alone(administrator: Client, auditor: Client, anna: Customer) -> None:
    save(administrator, "Mine", joined="week")
    view = SavedView.objects.get()
    assert own_views(auditor) == []
    answer = auditor.post(CUSTOMERS, {"remove_view": str(view.pk)})
    assert "no such view" in str(next(iter(get_messages(answer.wsgi_request))))
    assert SavedView.objects.exists()
    administrator.post(CUSTOMERS, {"remove_view": str(view.pk)})
    assert not SavedView.objects.exists()


def test_views_of_another_organization_are_out_of_reach(administrator: Client, organization: Organization) -> None:
    save(administrator, "Mine", joined="week")
    with unscoped("tests make their rows"):
        other = log_in(StaffMemberFactory(organization=OrganizationFactory(code="bazaar"), role="org_admin"))
    other.post(CUSTOMERS, {"remove_view": str(SavedView.objects.get().pk)})
    assert own_views(other) == []
    assert SavedView.objects.count() == 1


def test_a_view_of_another_list_is_not_removed_here(administrator: Client, organization: Organization) -> None:
    member = StaffMember.objects.get(username="asha")
    view = services.save_view(member, list_name="engagement.bill", name="Mine", query={"o": "0"})
    administrator.post(CUSTOMERS, {"remove_view": str(view.pk)})
    assert SavedView.objects.exists()
    assert own_views(administrator) == []


@pytest.mark.parametrize("name", ["", " ", "x" * 41, "a\x00b", "\ufffd"])
def test_an_odd_name_is_refused_with_a_sentence(administrator: Client, name: str) -> None:
    assert "The view was not saved" in save(administrator, name, joined="week")
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("odd", ["x", "²", "9" * 30, "-1"])
def test_an_odd_id_removes_nothing(administrator: Client, odd: str) -> None:
    save(administrator, "Mine", joined="week")
    assert administrator.post(CUSTOMERS, {"remove_view": odd}).status_code == 302
    assert SavedView.objects.exists()


def test_there_are_only_so_many_views(administrator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_VIEWS", 1)
    save(administrator, "Mine", joined="week")
    assert "Remove one first" in save(administrator, "Other", joined="today")
    assert [view.label for view in own_views(administrator)] == ["Mine"]
    assert save(administrator, "Mine", joined="today") == ""


def test_an_operator_has_no_views(operator: Client, anna: Customer) -> None:
    assert not operator.get(CUSTOMERS, {"joined": "week"}).context["cl"].may_save_view
    assert "no views of their own" in save(operator, "Mine", joined="week")


def test_who_may_not_see_the_list_saves_no_view(organization: Organization) -> None:
    outsider = log_in(StaffMemberFactory(organization=organization, role="auditor"))
    answer = outsider.post(list_of("engagement_coderun"), {"view_name": "Mine"})
    assert answer.status_code == 403
    assert not SavedView.objects.exists()
