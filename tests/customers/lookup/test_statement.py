"""The statement of a read where the planner has no statistics."""

import re

import pytest
from django.db import connection

from customers.lookup.services import KEYS
from customers.lookup.statement import composed_statement
from organizations.policies import Policy
from organizations.tenancy.models import Organization

pytestmark = pytest.mark.django_db
EMAILS_ARE_SHARED = Policy(email_unique=False)


@pytest.mark.parametrize("policy", [Policy(), EMAILS_ARE_SHARED])
@pytest.mark.parametrize("key", KEYS)
def test_customers_are_found_by_their_keys_alone(organization: Organization, key: str, policy: Policy) -> None:
    parameters = {"organization": organization.pk, "kind": key, "values": ["1", "2"]}
    with connection.cursor() as cursor:
        # The planner reads a table whole where statistics call it tiny, as those of a test's database may.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (COSTS OFF) {composed_statement(key, policy)}", parameters)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    # No set of customers or identifiers is read beside the values.
    assert not re.search(r"Hash|Merge Join|Materialize|Seq Scan on customers_(customer|identifier|card)", plan), plan
    assert re.search(r"on customers_customer known\n +Index Cond: \(id = ", plan), plan
