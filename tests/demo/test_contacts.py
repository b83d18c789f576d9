"""Notes and interactions of the demo."""

from datetime import timedelta

from customers.profile.models import Customer
from demo.contacts import record_demo_contacts
from engagement.interactions.models import Interaction
from engagement.notes.models import Note
from loyalty_project import clock
from organizations.locations.models import Till
from tests.factories.customers import CustomerFactory
from tests.factories.locations import till_actor


def test_some_customers_have_notes_and_interactions(till: Till) -> None:
    now = clock.now()
    customers = CustomerFactory.create_batch(60, organization=till.organization)
    new = CustomerFactory.create_batch(20, organization=till.organization, registered_on=now - timedelta(hours=1))
    merged = CustomerFactory.create_batch(20, organization=till.organization)
    Customer.objects.filter(pk__in=[row.pk for row in merged]).update(merged_into=customers[0])
    counts = record_demo_contacts([*customers, *new, *merged], by=till_actor(till), now=now)
    assert counts == (Note.objects.count(), Interaction.objects.count())
    assert min(counts) > 5
    assert not Note.objects.filter(customer__in=[*new, *merged]).exists()
    assert set(Interaction.objects.values_list("type", flat=True)) == {"emailbulk", "survey", "checkin"}
    assert Interaction.objects.filter(type="survey", nps_score__gte=9).exists()
    assert record_demo_contacts([*customers, *new, *merged], by=till_actor(till), now=now) == counts
    assert counts == (Note.objects.count(), Interaction.objects.count())
