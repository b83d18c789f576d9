"""Loading of the demo."""

import os
from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import Count
from pytest_django import Settings

from customers.cards.models import Card
from customers.duplicates.models import DuplicateCandidate
from customers.groups.models import GroupMembership, UserGroup
from customers.identity_requests.models import IdentityRequest
from customers.merging.models import Merge
from customers.profile.models import Customer
from customers.segments.models import CustomerSegment
from demo.classifications import Classification, classify_customers
from demo.customers import FEWEST, HOW_MANY, demo_items, register_demo_customers
from demo.guide import OPERATOR
from demo.loading import LOADED, load_demo
from demo.organization import ORGANIZATION_CODE, ORGANIZATION_FILE
from engagement.bills.models import Bill
from engagement.points.models import PointsAccount, PointsEntry
from loyalty_project import clock
from organizations.audit.actors import Actor, command_actor
from organizations.audit.models import AuditEntry
from organizations.audit.services import Change, record_changes
from organizations.imports.models import ImportRun
from organizations.locations.models import Store
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from subscriptions.models import ConsentChange
from tickets.ticket.models import Ticket
from use_cases.organization_file import check_document, load_organization

pytestmark = pytest.mark.django_db
# The fewest customers that have one of each kind.
FEW = HOW_MANY if os.environ.get("REGULARS_PROOFS") == "full" else 400


@pytest.fixture(autouse=True)
def _cheap_hashes(settings: Settings) -> None:
    settings.ARGON2_TIME_COST, settings.ARGON2_MEMORY_KIB = 1, 8
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


# Those who came by a referral, beside them.
FRIENDS = 7
# Those of the file that staff imported.
TAKEN_OVER = 4


def load(how_many: int = FEW) -> str:
    out = StringIO()
    call_command("load_demo", yes=True, customers=how_many, stdout=out)
    return out.getvalue()


@pytest.fixture
def by() -> Actor:
    """The command at work in the demo's organization, which has no customers yet."""
    loaded = load_organization(check_document(ORGANIZATION_FILE.read_bytes(), environment={}))
    return command_actor("load_demo", loaded.organization)


@pytest.mark.slow
def test_the_first_run_loads_everything_and_the_second_changes_nothing() -> None:
    assert f"Harbour & Pine Outfitters: {FEW} customers registered" in load()
    operator = StaffMember.objects.get(username=OPERATOR.username)
    assert operator.is_superuser
    assert operator.check_password(OPERATOR.password)
    assert StaffMember.objects.get(username="maya").check_password("harbour-maya-demo")
    with organization_scope(Organization.objects.get(code=ORGANIZATION_CODE)):
        assert Customer.objects.count() == FEW + FRIENDS + TAKEN_OVER
        assert 1 < ConsentChange.objects.filter(actor="command:load_demo", revision__gt=1).count() < FEW
        assert CustomerSegment.objects.values("partition").distinct().count() == 7
        assert Customer.objects.filter(status_label__isnull=False).values("status_label").distinct().count() == 5
        assert Customer.objects.exclude(image_url="").count() == FEW / 10
        assert GroupMembership.objects.filter(role="PRIMARY").count() == UserGroup.objects.count() == 3
        assert Merge.objects.filter(undone_at=None).count() == 2
        assert Merge.objects.exclude(undone_at=None).count() == 1
        assert DuplicateCandidate.objects.filter(state="OPEN").count() > 3
        assert 2 * FEW < Bill.objects.exclude(customer=None).count() < 5 * FEW
        assert Bill.objects.filter(type="RETURN", return_of__isnull=False).exists()
        assert PointsEntry.objects.filter(kind="RETURN").exists()
        assert dict(IdentityRequest.objects.values_list("status").annotate(Count("pk"))) == {
            "PENDING": 7,
            "APPROVED": 4,
            "REJECTED": 3,
        }
        assert IdentityRequest.objects.filter(type="MERGE", status="PENDING").exists()
        assert not PointsAccount.objects.filter(due_at__lte=clock.now()).exists()
        evidence = {kind for kinds in DuplicateCandidate.objects.values_list("evidence", flat=True) for kind in kinds}
        assert evidence == set(DuplicateCandidate.Evidence.values)
        Store.objects.filter(code="web").update(name="My web shop")
        entries = AuditEntry.objects.count()
        assert load() == "The demo is loaded already.\n"
        assert AuditEntry.objects.count() == entries
        assert Store.objects.get(code="web").name == "My web shop"


def test_another_edition_is_loaded_over_and_adds_missing_customers(by: Actor) -> None:
    StaffMember.objects.create_superuser(OPERATOR.username, password="something else")
    with organization_scope(by.organization):
        register_demo_customers(demo_items(today=date(2026, 3, 1), how_many=FEW)[:5], by=by)
        change = Change(action=LOADED, object_type="organization", object_id=by.organization.pk, new={"edition": "older"})
        record_changes([change], by=by)
        Store.objects.filter(code="web").update(name="An older name")
        assert f"Harbour & Pine Outfitters: {FEW - 5} customers registered" in load()
        assert Store.objects.get(code="web").name == "Web shop"
        assert Customer.objects.count() == FEW + FRIENDS + TAKEN_OVER
    assert StaffMember.objects.get(username=OPERATOR.username).check_password("something else")


def test_a_load_that_was_ended_goes_on_with_the_next_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.customers._SLICE", 50)
    loading = load_demo(FEWEST)
    first = next(loading)
    loading.close()
    assert not first.is_whole
    assert first.bills > 50
    with organization_scope(first.organization):
        assert Ticket.objects.count() > 3
        assert ImportRun.objects.filter(finished_at__isnull=False, rejected=2, created=4).exists()
        Store.objects.filter(code="web").update(name="My web shop")
        assert f"{FEWEST - first.customers} customers registered" in load(FEWEST)
        assert Customer.objects.count() == FEWEST + FRIENDS + TAKEN_OVER
        assert Store.objects.get(code="web").name == "My web shop"
        sales = Bill.objects.exclude(customer=None).filter(type="REGULAR")
        assert sales.count() == sales.values("number").distinct().count()
        assert load(FEWEST) == "The demo is loaded already.\n"


def test_customers_are_registered_without_a_warning(by: Actor) -> None:
    with organization_scope(by.organization):
        registered = register_demo_customers(demo_items(today=date(2026, 3, 1)), by=by)
        assert len(registered) == HOW_MANY
        assert {notice for registration in registered for notice in registration.notices} == set()
        assert Card.objects.filter(series__code="PINE").exists()
        assert Card.objects.filter(series__code="WALLET").exists()
        for name in ("type", "source", "ndnc_status", "test_control_status", "registered_store"):
            assert Customer.objects.order_by().values(name).distinct().count() > 1, name


def test_a_customer_known_by_one_identifier_is_not_registered(by: Actor) -> None:
    known = {"mobile": "19025550150", "email": "nora.fraser@example.com", "firstname": "Nora"}
    with organization_scope(by.organization):
        assert len(register_demo_customers([known], by=by)) == 1
        assert register_demo_customers([{**known, "mobile": "19025550151", "firstname": "Isla"}], by=by) == []
        assert Customer.objects.get().firstname == "Nora"


def test_an_unregistered_customer_is_not_classified(by: Actor) -> None:
    known, gone = {"mobile": "19025550150"}, {"mobile": "19025550151"}
    with organization_scope(by.organization):
        register_demo_customers([known], by=by)
        classify_customers([known, gone], [Classification({"spend-band": "mid"}, {"TRAIL-CREW": "MEMBER"})] * 2, by=by)
        assert [str(row.partition) for row in CustomerSegment.objects.all()] == ["mid"]
        assert [str(row.group) for row in GroupMembership.objects.all()] == ["Gatineau Trail Crew"]


def test_a_refused_customer_is_an_error_with_the_code(by: Actor) -> None:
    items = [
        {"mobile": "19025550150", "email": "nora.fraser@example.com"},
        {"mobile": "19025550150", "type": "NON_LOYALTY"},
    ]
    with organization_scope(by.organization), pytest.raises(CommandError, match=r"refused: .*1046"):
        register_demo_customers(items, by=by)


def test_production_refuses_the_demo(settings: Settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="passwords are public"):
        load()
    assert not Organization.objects.exists()


@pytest.mark.parametrize("how_many", [FEWEST - 1, HOW_MANY + 1])
def test_too_few_or_too_many_customers_are_refused(how_many: int) -> None:
    with pytest.raises(CommandError, match="--customers must be 100 to 2000"):
        load(how_many)
