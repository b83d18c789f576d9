"""Personal data on every page of the back office, for a member of staff who sees it masked."""

from typing import Final

import pytest
from django.test import Client
from django.urls import reverse

from customers.identifiers.models import Identifier
from engagement.bills.models import Bill
from engagement.interactions.models import Interaction, Notification
from engagement.notes.models import Note
from loyalty_project import clock
from organizations.audit.models import AuditEntry
from organizations.audit.services import Change, record_changes
from organizations.staff.reach import reach_of
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from referrals.invitations.models import Invitation
from tests.attacks.pages import all_pages
from tests.attacks.places import Place, open_places
from tests.back_office import log_in, page_of
from tests.factories.fields import FieldFactory
from tests.factories.identity_requests import staff
from tests.factories.staff import StaffMemberFactory
from tickets.ticket.models import Ticket, TicketComment
from use_cases.customer_timeline import TABS
from webhooks.events.models import Event

pytestmark = [pytest.mark.django_db]
CUSTOMERS: Final = "customers_customer"
# Parts of what is known about the customer, which no page may show. Of a mobile, without its last digits.
FIRST, LAST, MOBILE, EMAIL, EXTERNAL_ID = "Zebedee", "Quartermaine", "9198765432", "zebedee.q", "XTRNL"
WRITTEN: Final = "Sesquipedalian"
SECRETS: Final = (FIRST, LAST, MOBILE, "98765 432", EMAIL, "quartermaine.example", EXTERNAL_ID, WRITTEN, "1987-06-05")


@pytest.fixture
def place(organization: Organization) -> Place:
    """The own store, whose customer has texts of her own wherever one may be."""
    with unscoped("tests make their rows"):
        place = open_places(organization)["own"]
    with organization_scope(organization):
        _write_personal_data(place)
    return place


def _write_personal_data(place: Place) -> None:
    customer, organization = place.customer, place.customer.organization
    birthday = FieldFactory(organization=organization, name="birthday", type="date")
    question = FieldFactory(organization=organization, name="question")
    customer.firstname, customer.lastname = FIRST, LAST
    customer.field_values = {str(birthday.pk): "1987-06-05", str(question.pk): WRITTEN}
    customer.comm_channels = [{"type": "LINE", "value": WRITTEN}]
    customer.image_url = f"https://example.com/{WRITTEN}.png"
    customer.save()
    values = {"mobile": f"{MOBILE}10", "email": f"{EMAIL}@quartermaine.example", "external_id": f"{EXTERNAL_ID}-123456"}
    for kind, value in values.items():
        Identifier.objects.filter(customer=customer, kind=kind, state=Identifier.State.CURRENT).update(value=value)
    Identifier.objects.filter(pk=place.inherited.pk).update(value=f"{MOBILE}99")
    Note.objects.update(description=WRITTEN)
    Ticket.objects.update(subject=WRITTEN, message=WRITTEN)
    ticket = Ticket.objects.get(customer=customer)
    TicketComment.objects.create(organization=organization, ticket=ticket, text=WRITTEN, at=clock.now(), made_by="staff:x")
    for contacts in (Interaction, Notification):
        contacts.objects.update(sender=WRITTEN, receiver=f"+{MOBILE}10", subject=WRITTEN)
    Bill.objects.update(notes=WRITTEN)
    Invitation.objects.update(identifier=f"{EMAIL}@example.com", name=FIRST)
    Event.objects.update(facts={"firstname": FIRST, "mobile": f"{MOBILE}10"}, customer_id=customer.pk)
    old, new = {"email": f"{EMAIL}@example.com"}, {"firstname": FIRST, "field_values": {str(question.pk): WRITTEN}}
    change = Change(action="updated", object_type="customer", object_id=customer.pk, old=old, new=new)
    record_changes(
        [change, Change(action="added", object_type="note", object_id=1, new={"text": WRITTEN})], by=staff(organization)
    )


def test_no_page_shows_personal_data_to_who_sees_it_masked(place: Place) -> None:
    member = StaffMemberFactory(organization=place.customer.organization, role="auditor", username="me.masked")
    browser, reach = log_in(member), reach_of(member)
    pages = [page for page in all_pages() if page.permission and reach.may(page.permission)]
    assert len(pages) > 80
    addresses = [address for page in pages for address in page.addresses(place)]
    addresses += [f"{page_of(CUSTOMERS, place.customer)}?tab={tab.name}" for tab in TABS]
    addresses += [page_of("organizations_auditentry", entry) for entry in AuditEntry.objects.all()[:5]]
    addresses += ["/admin/", f"{reverse('find')}?q=%2B{MOBILE}", f"{reverse('find')}?q={FIRST}", f"{reverse('find')}?q={EMAIL}"]
    hits = browser.post(reverse("find_hits"), {"q": f"{MOBILE}10"}).content.decode()
    assert page_of(CUSTOMERS, place.customer) in hits
    assert not [secret for secret in SECRETS if secret in hits]
    shown = [(address, leaks) for address in addresses if (leaks := _leaks(browser, address))]
    assert not shown, "\n".join(map(str, shown))


def _leaks(browser: Client, address: str) -> list[str]:
    """What the page shows of the customer, without what its address has."""
    answer = browser.get(address)
    assert answer.status_code < 500, address
    content = answer.content.decode()
    return [secret for secret in SECRETS if secret in content and secret not in address]


def test_the_same_pages_show_everything_to_who_serves_the_customer(place: Place) -> None:
    """What the test above looks for is there."""
    browser = log_in(StaffMemberFactory(organization=place.customer.organization, role="org_admin", username="me.full"))
    profile = f"{page_of(CUSTOMERS, place.customer)}?tab=profile"
    assert set(_leaks(browser, profile)) == set(SECRETS) - {MOBILE}
    models = (Note, Ticket, Invitation, Interaction, Notification, Bill)
    pages = [page_of(model._meta.label_lower.replace(".", "_"), place.rows[model]) for model in models]
    assert [address for address in pages if not _leaks(browser, address)] == []
