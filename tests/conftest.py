"""What all tests share: a fresh process, cheap hashes, a database server left as it was found, and northwind with a till."""

import gc
import os
import time
from collections.abc import Iterator
from datetime import datetime

import django.test.client
import psycopg
import pytest
from django.db import connection, connections
from django.test import Client, TransactionTestCase
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker, Settings

from customers.profile.models import Customer
from loyalty_project import clock
from loyalty_project.db import trusted_time
from loyalty_project.db.trusted_time import forget_database_time
from loyalty_project.embedded_postgres.base import DatabaseWrapper
from loyalty_project.embedded_postgres.server import Server, configured_server
from organizations.configuration import forget_configurations
from organizations.credentials.rate_limits import forget_leases
from organizations.credentials.verification_cache import verified_secrets
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.api import Api
from tests.back_office import log_in, register
from tests.both_handlers import BothHandlers
from tests.clean_database import delete_rows
from tests.factories.locations import StoreFactory, TillFactory
from tests.factories.organizations import OrganizationFactory
from tests.factories.staff import StaffMemberFactory
from tests.template_database import template_database

# Machines that run tests are busy: how long an example takes says nothing.
hypothesis_settings.register_profile("regulars", deadline=None, print_blob=True)
hypothesis_settings.load_profile("regulars")
_WAS_RUNNING = pytest.StashKey[bool]()
# What Django does after each test that commits.
TransactionTestCase._fixture_teardown = lambda _: delete_rows()  # type: ignore[method-assign]
django.test.client.ClientHandler = BothHandlers  # type: ignore[misc]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Remember whether the embedded server runs already. Workers of a parallel run leave that to their controller."""
    if isinstance(connections["default"], DatabaseWrapper) and not hasattr(session.config, "workerinput"):
        session.config.stash[_WAS_RUNNING] = configured_server().is_running()
        if "REGULARS_SCRATCH_DATA" in os.environ:
            _forgo_durability(configured_server())


def pytest_collection_finish() -> None:
    """What is loaded by now stays: no collection of garbage looks at it again, and they are rarer."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _forgo_durability(server: Server) -> None:
    """Wait for no disk. The tests kill the application, never this server, and its data end with the run."""
    server.start()
    with psycopg.connect(server._superuser(), autocommit=True) as connected:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connected.execute(f"ALTER SYSTEM SET {setting} = off")
        connected.execute("SELECT pg_reload_conf()")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the embedded server, if these tests started it."""
    if session.config.stash.get(_WAS_RUNNING, True) is False:
        configured_server().stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """Test databases are clones of a migrated template."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = template_database(connection)


@pytest.fixture(autouse=True)
def _cheap_hashes(settings: Settings) -> None:
    settings.ARGON2_TIME_COST, settings.ARGON2_MEMORY_KIB = 1, 8
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _static_files_are_found_when_asked_for(settings: Settings) -> None:
    """WhiteNoise would list them all for every client of a test."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    """No proof, no permit, no configuration and no time of the database is remembered from another test.

    The first call of a minute costs a query more: a test begins a second before the end of a minute at the latest.
    """
    remains = 60 - time.time() % 60
    if remains < 1:
        time.sleep(remains)
    _forget()
    yield
    _forget()


def _forget() -> None:
    verified_secrets.clear()
    forget_leases()
    forget_configurations()
    forget_database_time()


@pytest.fixture(autouse=True)
def _database_travels_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's clock shows the time to which a test has travelled, asked for by the same query."""

    def travelled() -> datetime:
        ask()
        return clock.now()

    ask = trusted_time.database_time
    monkeypatch.setattr(trusted_time, "database_time", travelled)


@pytest.fixture
def organization(db: None) -> Iterator[Organization]:
    """An Indian organization, mobile first, whose scope the test runs in."""
    with unscoped("tests make their rows"):
        organization = OrganizationFactory(code="northwind", with_program=True)
    with organization_scope(organization):
        yield organization


@pytest.fixture
def store(organization: Organization) -> Store:
    return StoreFactory(organization=organization, code="blr.mgroad", name="MG Road")


@pytest.fixture
def till(store: Store) -> Till:
    return TillFactory(store=store, code="mgroad.till1", name="MG Road till 1")


@pytest.fixture
def queue(transactional_db: None) -> None:
    """Jobs that are really committed, as workers need them."""


# --- Anna, who registered at northwind's MG Road, and those who work with her

ANNA = {
    "firstname": "Anna",
    "lastname": "Rao",
    "mobile": "9812300001",
    "email": "anna.rao@example.com",
    "external_id": "NW-0001",
}


@pytest.fixture
def anna(till: Till) -> Customer:
    return register(till, **ANNA)


@pytest.fixture
def indiranagar(organization: Organization) -> Till:
    """The till of another store of northwind."""
    return TillFactory(
        store__organization=organization, store__code="blr.indira", store__name="Indiranagar", code="indira.till1"
    )


@pytest.fixture
def stranger(organization: Organization) -> Till:
    """The till of another organization."""
    with unscoped("tests make their rows"):
        return TillFactory(store__organization__code="bazaar", store__code="bazaar.main", code="bazaar.till1")


@pytest.fixture
def stranger_api(stranger: Till) -> Api:
    """Calls as the till of another organization."""
    return Api(stranger)


@pytest.fixture
def administrator(organization: Organization) -> Client:
    return log_in(StaffMemberFactory(organization=organization, role="org_admin", username="asha"))


@pytest.fixture
def seller(store: Store) -> Client:
    """Store staff of MG Road."""
    return log_in(StaffMemberFactory(organization=store.organization, role="store_staff", stores=[store], username="robin"))


@pytest.fixture
def auditor(organization: Organization) -> Client:
    return log_in(StaffMemberFactory(organization=organization, role="auditor", username="sam"))


@pytest.fixture
def operator(organization: Organization) -> Client:
    return log_in(StaffMemberFactory(operator=True, username="operator"))
