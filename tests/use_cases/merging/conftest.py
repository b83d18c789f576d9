"""Two customers who are one person."""

import pytest

from customers.profile.models import Customer
from organizations.locations.models import Till
from tests.use_cases.merges import register_anna, register_twin


@pytest.fixture
def anna(till: Till) -> Customer:
    return register_anna(till)


@pytest.fixture
def twin(till: Till) -> Customer:
    return register_twin(till)
