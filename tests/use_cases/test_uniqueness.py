"""Settings that make identifiers unique: refused while customers share values, else all rows follow at once."""

from pathlib import Path
from threading import Event
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import OperationalError, transaction
from django.test import Client

from customers.identifiers.exclusivity import SharedValuesError, align_rows, check_exclusive, settings_guard
from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from customers.registration import unit_of_work
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from customers.registration.options import RegistrationOptions
from organizations.locations.models import Till
from organizations.policies import Policy
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.api import Api
from tests.back_office import errors_of, filled_form, page_of, register
from tests.factories.customers import CustomerFactory, IdentifierFactory
from tests.factories.locations import TillFactory, till_actor
from tests.races import race
from use_cases.organization_file import dump_organization
from use_cases.registration import register_all

pytestmark = pytest.mark.django_db
SHARING, UNIQUE = {"CONF_USERS_IS_EMAIL_UNIQUE": 0}, {}
EMAIL = "family@example.com"
PAGE = "organizations_organization"


def set_flags(organization: Organization, flags: dict[str, Any]) -> None:
    organization.flags = flags
    organization.save(update_fields=["flags"])


def exclusive(kind: str = "email") -> set[tuple[str, bool]]:
    return set(Identifier.objects.filter(kind=kind).exclude(state="FORMER").values_list("value", "exclusive"))


@pytest.fixture
def sharing(organization: Organization, till: Till) -> list[Customer]:
    """Two customers who share an e-mail address."""
    set_flags(organization, SHARING)
    return [register(till, mobile=f"91981230000{n}", email=EMAIL) for n in (1, 2)]


def load(organization: Organization, tmp_path: Path, *options: str, **settings: object) -> None:
    document = yaml.safe_load(dump_organization(organization))
    document["settings"] = settings
    path = tmp_path / "organization.yaml"
    path.write_text(yaml.safe_dump(document))
    call_command("load_organization", str(path), *options)
    organization.refresh_from_db()


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_the_loader_refuses_uniqueness_and_lists_shared_values(
    organization: Organization, sharing: list[Customer], tmp_path: Path, options: tuple[str, ...], capsys: Any
) -> None:
    with pytest.raises((CommandError, SystemExit)) as refused:
        load(organization, tmp_path, *options)
    said = str(refused.value) + capsys.readouterr().err
    assert "settings.CONF_USERS_IS_EMAIL_UNIQUE: 1 e-mail addresses belong to several customers" in said
    assert f"{EMAIL} (customers {sharing[0].pk}, {sharing[1].pk})" in said
    organization.refresh_from_db()
    assert (organization.flags, exclusive()) == (SHARING, {(EMAIL, False)})


def test_the_loader_makes_rows_unique_once_nobody_shares(
    organization: Organization, sharing: list[Customer], tmp_path: Path
) -> None:
    Identifier.objects.filter(customer=sharing[1], kind="email").update(state="FORMER")
    load(organization, tmp_path, "--dry-run")
    assert (organization.flags, exclusive()) == (SHARING, {(EMAIL, False)})
    load(organization, tmp_path)
    assert (organization.flags, exclusive()) == (UNIQUE, {(EMAIL, True)})
    load(organization, tmp_path, **SHARING)
    assert (organization.flags, exclusive()) == (SHARING, {(EMAIL, False)})


def test_the_back_office_refuses_uniqueness_at_its_setting(
    administrator: Client, organization: Organization, sharing: list[Customer]
) -> None:
    page = page_of(PAGE, organization)
    answer = administrator.post(page, filled_form(administrator, page, CONF_USERS_IS_EMAIL_UNIQUE="on"))
    (message,) = errors_of(answer)["CONF_USERS_IS_EMAIL_UNIQUE"]
    assert f"{EMAIL} (customers {sharing[0].pk}, {sharing[1].pk})" in message
    organization.refresh_from_db()
    assert (organization.flags, exclusive()) == (SHARING, {(EMAIL, False)})


def test_the_back_office_makes_rows_unique_and_shared(
    administrator: Client, organization: Organization, sharing: list[Customer]
) -> None:
    Identifier.objects.filter(customer=sharing[1], kind="email").update(state="FORMER")
    page = page_of(PAGE, organization)
    assert administrator.post(page, filled_form(administrator, page, CONF_USERS_IS_EMAIL_UNIQUE="on")).status_code == 302
    assert exclusive() == {(EMAIL, True)}
    assert administrator.post(page, filled_form(administrator, page, CONF_USERS_IS_EMAIL_UNIQUE=False)).status_code == 302
    assert exclusive() == {(EMAIL, False)}


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        (Policy(email_unique=False), Policy(), "email"),
        (Policy(dual_eligibility=True), Policy(), "email external_id"),
        (Policy(dual_eligibility=True), Policy(dual_eligibility=True, primary="email"), "email"),
        (Policy(email_unique=False), Policy(email_unique=False, primary="email"), "email"),
    ],
)
def test_every_setting_of_uniqueness_is_checked(organization: Organization, before: Policy, after: Policy, kinds: str) -> None:
    values = {"mobile": "919812300009", "email": EMAIL, "external_id": "F-1"}
    for kind, value in values.items():
        for customer in CustomerFactory.create_batch(2, organization=organization):
            IdentifierFactory(customer=customer, kind=kind, value=value, exclusive=False)
    with pytest.raises(SharedValuesError):
        check_exclusive(before, after)
    for kind in kinds.split():
        rows = Identifier.objects.filter(kind=kind)
        rows.filter(pk=rows.first().pk).update(state="FORMER")
    check_exclusive(before, after)
    align_rows(before, after)
    unique = {kind for kind in values if exclusive(kind) == {(values[kind], True)}}
    assert unique == set(kinds.split())
    align_rows(after, before)
    assert not Identifier.objects.filter(exclusive=True, kind__in=kinds.split()).exists()


def test_many_shared_values_are_counted_and_the_first_are_listed(organization: Organization) -> None:
    people = CustomerFactory.create_batch(3, organization=organization)
    for number in range(25):
        for customer in people:
            IdentifierFactory(
                customer=customer, kind="email", value=f"f{number:02}@example.com", exclusive=False, state="MERGED"
            )
    with pytest.raises(SharedValuesError) as refused:
        check_exclusive(Policy(email_unique=False), Policy())
    text = str(refused.value)
    assert text.startswith("25 e-mail addresses belong to several customers, the first 20: f00@example.com")
    assert f"(customers {people[0].pk}, {people[2].pk} and 1 more)" in text
    assert ("f19@example.com" in text, "f20@example.com" in text) == (True, False)


def test_a_value_that_one_customer_has_twice_gets_one_exclusive_row(organization: Organization) -> None:
    customer = CustomerFactory(organization=organization)
    for state in ("MERGED", "CURRENT", "FORMER"):
        IdentifierFactory(customer=customer, kind="email", value=EMAIL, state=state, exclusive=False)
    check_exclusive(Policy(email_unique=False), Policy())
    align_rows(Policy(email_unique=False), Policy())
    assert dict(Identifier.objects.values_list("state", "exclusive")) == {"MERGED": False, "CURRENT": True, "FORMER": False}


def test_another_organization_keeps_its_rows(organization: Organization) -> None:
    with unscoped("tests make their rows"):
        other = TillFactory(store__organization__code="bazaar").organization
        with organization_scope(other):
            IdentifierFactory(customer=CustomerFactory(organization=other), kind="email", value=EMAIL, exclusive=False)
    with organization_scope(organization):
        align_rows(Policy(email_unique=False), Policy())
    with organization_scope(other):
        assert exclusive() == {(EMAIL, False)}


# --- a call that has read the settings before they changed


@pytest.mark.parametrize("count", [1, 60])
def test_identifiers_are_not_written_by_settings_of_before(organization: Organization, till: Till, count: int) -> None:
    set_flags(organization, SHARING)
    by = till_actor(till)
    items = [{"mobile": str(919_812_300_000 + n), "email": EMAIL} for n in range(count)]
    context = load_input_context(items, by=by)
    inputs = [read_customer_input(item, context, action="add") for item in items]
    Organization.objects.filter(pk=organization.pk).update(flags=UNIQUE)
    with pytest.raises(OperationalError, match="settings of uniqueness"), transaction.atomic():
        register_all(inputs, options=RegistrationOptions(), context=context, by=by)
    assert not Customer.objects.exists()


def test_other_settings_may_change_meanwhile(organization: Organization, till: Till) -> None:
    guard = settings_guard(organization)
    set_flags(organization, {"BATCH_LIMIT": 7})
    guard.check()


@pytest.mark.django_db(transaction=True)
def test_a_till_that_adds_a_shared_value_meanwhile_is_asked_to_repeat(transactional_db: None) -> None:
    assert settings_change_beside_an_add() == ("521", True, {(EMAIL, True)})


@pytest.mark.django_db(transaction=True)
def test_twin_without_the_guard_a_shared_value_slips_in(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_of_work, "settings_guard", lambda organization: None)
    code, _, rows = settings_change_beside_an_add()
    assert (code, rows) == ("1000", {(EMAIL, True), (EMAIL, False)})


def settings_change_beside_an_add() -> tuple[str, bool, set[tuple[str, bool]]]:
    """An add that has read the settings waits while they change; its code, whether the next one merges, and the rows."""
    with unscoped("tests make their rows"):
        till = TillFactory(store__organization__code="northwind", store__organization__flags=SHARING)
        organization = till.organization
    first = register(till, mobile="919812300001", email=EMAIL)
    has_read, has_changed = Event(), Event()
    write = unit_of_work.CustomerBatch.write

    def wait_and_write(self: Any, **options: Any) -> None:
        has_read.set()
        has_changed.wait(timeout=30)
        write(self, **options)

    def add() -> str:
        return str(Api(till).add(mobile="919812300002", email=EMAIL).code)

    def change() -> str:
        has_read.wait(timeout=30)
        with organization_scope(organization), transaction.atomic():
            row = Organization.objects.select_for_update().get(pk=organization.pk)
            before = row.policy
            set_flags(row, UNIQUE)
            check_exclusive(before, row.policy)
            align_rows(before, row.policy)
        has_changed.set()
        return ""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unit_of_work.CustomerBatch, "write", wait_and_write)
        code, _ = race([[add], [change]], lambda work: work())
    with organization_scope(organization):
        rows = exclusive()
        again = register(till, mobile="919812300001", email=EMAIL) if code == "521" else first
        return code, again.pk == first.pk, rows
