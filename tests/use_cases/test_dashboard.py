"""The start page: a search box, cheap figures, who joined last."""

from django.test import Client

from customers.profile.models import Customer
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.back_office import log_in, register, table_texts
from tests.factories.identity_requests import ask
from tests.factories.locations import till_actor
from tests.factories.staff import StaffMemberFactory
from use_cases import dashboard
from use_cases.merging import merge_customers


def test_an_administrator_sees_figures_and_who_joined_last(administrator: Client, anna: Customer) -> None:
    answer = administrator.get("/admin/")
    assert [(title, count) for title, count, *_ in answer.context["figures"]] == [
        ("Customers", "1"),
        ("Pending identity requests", "0"),
        ("Active stores", "1"),
        ("Active tills", "1"),
    ]
    assert [row[0] for row in table_texts(answer.context["newest"])] == [str(anna)]
    page = answer.content.decode()
    assert "of Northwind" in page
    assert "a customer" in page


def test_who_was_merged_is_not_counted_again(administrator: Client, anna: Customer, till: Till) -> None:
    twin = register(till, mobile="9812300002")
    merge_customers(survivor=anna.pk, victim=twin.pk, by=till_actor(till))
    answer = administrator.get("/admin/")
    assert answer.context["figures"][0][:2] == ("Customers", "1")
    assert [row[0] for row in table_texts(answer.context["newest"])] == [str(anna)]


def test_staff_of_a_store_see_their_own_customers_counted(seller: Client, anna: Customer, indiranagar: Till) -> None:
    register(indiranagar, mobile="9812300002")
    ask(indiranagar, "mobile", "9812300002", "9812300003")
    ask(indiranagar, "mobile", "9812300001", "9812300004")
    answer = seller.get("/admin/")
    assert [(title, count) for title, count, *_ in answer.context["figures"]] == [
        ("Customers", "1"),
        ("Pending identity requests", "1"),
    ]
    assert [row[0] for row in table_texts(answer.context["newest"])] == [str(anna)]


def test_an_operator_sees_the_organizations(operator: Client, anna: Customer, stranger: Till) -> None:
    answer = operator.get("/admin/")
    assert [row[1] for row in table_texts(answer.context["organizations"])] == ["bazaar", "northwind"]
    assert "Find a customer" in answer.content.decode()


def test_who_has_no_role_sees_nothing(organization: Organization) -> None:
    answer = log_in(StaffMemberFactory(organization=organization, role="")).get("/admin/")
    assert answer.context["figures"] == []
    assert "Find a customer" not in answer.content.decode()


def test_counting_stops(anna: Customer, till: Till) -> None:
    register(till, mobile="9812300002")
    counted = dashboard.bounded_count(Customer.objects.all(), limit=1)
    assert counted == "more than 1"
    assert dashboard.bounded_count(Customer.objects.all(), limit=2) == "2"
