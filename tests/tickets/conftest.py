"""Asha, a customer of northwind, and who calls about her; northwind has words for tickets."""

import pytest
from django.test import Client

from customers.profile.models import Customer
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.api import Api
from tests.back_office import log_in, register
from tests.factories.staff import StaffMemberFactory
from tests.factories.tickets import use_words


@pytest.fixture
def words(organization: Organization) -> Organization:
    """The organization, with statuses, priorities (HIGH is due in 4 hours) and departments."""
    use_words(organization, HIGH=4)
    return organization


@pytest.fixture
def asha(till: Till) -> Customer:
    return register(till, mobile="9812345678", email="asha@example.com", external_id="NW-1", firstname="Asha")


@pytest.fixture
def api(till: Till, words: Organization) -> Api:
    """Calls as northwind's till."""
    return Api(till)


@pytest.fixture
def agent(words: Organization) -> Client:
    return log_in(StaffMemberFactory(organization=words, role="care_agent", username="robin"))
