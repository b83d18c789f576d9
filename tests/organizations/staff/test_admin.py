"""Staff in the back office: roles, stores, log-ins, and that nobody lifts their own limits."""

from django.test import Client
from django.urls import reverse

from organizations.audit.models import AuditEntry
from organizations.locations.models import Store, Till
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.back_office import errors_of, filled_form, list_of, page_of, shown
from tests.factories.staff import STAFF_PASSWORD, StaffMemberFactory

STAFF = "organizations_staffmember"
ADD = "/admin/organizations/staffmember/add/"


def password_page(member: StaffMember) -> str:
    return page_of(STAFF, member).replace("/change/", "/new-password/")


def test_an_administrator_adds_staff_with_a_password(administrator: Client, store: Store) -> None:
    form = filled_form(administrator, ADD, username="robin", role="store_staff", stores=[store.pk])
    assert administrator.post(ADD, form).status_code == 302
    robin = StaffMember.objects.get(username="robin")
    assert (robin.organization, robin.is_staff, robin.is_superuser) == (store.organization, True, False)
    assert list(robin.stores.all()) == [store]
    assert not robin.has_usable_password()
    entry = AuditEntry.objects.get()
    assert (entry.new["role"], entry.new["stores"]) == ("store_staff", ["blr.mgroad"])
    assert not {"password", "is_superuser"} & set(entry.new)

    administrator.post(password_page(robin), {"how": "type", "secret": STAFF_PASSWORD})
    browser = Client()
    # An address elsewhere is not followed.
    answer = browser.post("/admin/login/?next=//evil.example/", {"username": "robin", "password": STAFF_PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_changed_stores_are_listed(administrator: Client, store: Store) -> None:
    robin = StaffMemberFactory(organization=store.organization, role="store_staff", stores=[store])
    page = page_of(STAFF, robin)
    administrator.post(page, filled_form(administrator, page, stores=[]))
    entry = AuditEntry.objects.get()
    assert (entry.old, entry.new) == ({"stores": ["blr.mgroad"]}, {"stores": []})


def test_weak_passwords_are_refused(administrator: Client, organization: Organization) -> None:
    robin = StaffMemberFactory(organization=organization, role="store_staff")
    answer = administrator.post(password_page(robin), {"how": "type", "secret": "password"})
    assert answer.context["form"].errors == {"secret": ["It must have at least 12 characters."]}


def test_changing_your_own_password_asks_for_the_old_one(administrator: Client) -> None:
    asha = StaffMember.objects.get(username="asha")
    answer = administrator.get(password_page(asha))
    assert answer["Location"] == reverse("admin:password_change")


def test_staff_do_not_change_their_own_role_or_activity(administrator: Client) -> None:
    asha = StaffMember.objects.get(username="asha")
    page = page_of(STAFF, asha)
    assert administrator.post(page, filled_form(administrator, page, first_name="Asha")).status_code == 302
    for typed in ({"role": "auditor"}, {"is_active": False}):
        errors = errors_of(administrator.post(page, filled_form(administrator, page, **typed)))
        assert errors == {"__all__": ["You cannot change your own role, stores or log-in. Ask another administrator."]}
    administrator.post(list_of(STAFF), {"action": "deactivate", "confirmed": "1", "_selected_action": [asha.pk]})
    asha.refresh_from_db()
    assert asha.is_active


def test_staff_are_switched_off_from_the_list(administrator: Client, organization: Organization) -> None:
    robin = StaffMemberFactory(organization=organization, role="store_staff")
    administrator.post(list_of(STAFF), {"action": "deactivate", "confirmed": "1", "_selected_action": [robin.pk]})
    robin.refresh_from_db()
    assert not robin.is_active


def test_this_page_creates_no_operator(administrator: Client, organization: Organization) -> None:
    robin = StaffMemberFactory(organization=organization, role="store_staff")
    page = page_of(STAFF, robin)
    administrator.post(page, {**filled_form(administrator, page), "is_superuser": "on", "organization": ""})
    robin.refresh_from_db()
    assert not robin.is_superuser
    assert robin.organization == organization


def test_others_staff_and_operators_are_out_of_sight(administrator: Client, operator: Client, stranger: Till) -> None:
    other = StaffMemberFactory(organization=stranger.organization, role="org_admin", username="mira")
    boss = StaffMember.objects.get(username="operator")
    assert {row.username for row in shown(administrator.get(list_of(STAFF)))} == {"asha"}
    assert administrator.get(page_of(STAFF, other)).status_code == 302
    assert administrator.post(password_page(other), {"how": "generate"}).status_code == 302
    assert administrator.get(page_of(STAFF, boss)).status_code == 302
    assert {row.username for row in shown(operator.get(list_of(STAFF)))} == {"asha", "mira"}


def test_user_names_are_unique_and_stores_the_organizations(administrator: Client, stranger: Till) -> None:
    with unscoped("tests make their rows"):
        StaffMemberFactory(organization=stranger.organization, role="org_admin", username="mira")
    form = filled_form(administrator, ADD, username="mira", role="auditor")
    assert list(errors_of(administrator.post(ADD, form))) == ["username"]
    form = filled_form(administrator, ADD, username="kim", role="auditor", stores=[stranger.store_id])
    assert list(errors_of(administrator.post(ADD, form))) == ["stores"]
    form = filled_form(administrator, ADD, username="kim")
    assert errors_of(administrator.post(ADD, form)) == {"role": ["This field is required."]}
