"""Does what was kept for later become what is acted on, and go back again?"""

import pytest

from organizations.tenancy.models import Organization
from tests.migrations import carry_back, carry_over

pytestmark = pytest.mark.django_db
MIGRATION = "0005_identity_verification"
PATTERNS = "0009_external_id_patterns_of_re2"
SECTION = {"mandatory": ["firstname"], "otp": True}


def test_identity_verification_moves_to_its_column_and_back() -> None:
    asks = Organization.objects.create(code="asks", name="Asks", identity_verification=SECTION)
    silent = Organization.objects.create(code="silent", name="Silent", stored_sections={"tickets": {"statuses": ["OPEN"]}})
    carry_back("organizations", MIGRATION)
    kept = dict(Organization.objects.values_list("code", "stored_sections"))
    assert kept == {"asks": {"identity_verification": SECTION}, "silent": silent.stored_sections}
    carry_over("organizations", MIGRATION)
    asks.refresh_from_db()
    silent.refresh_from_db()
    assert (asks.identity_verification, asks.stored_sections) == (SECTION, {})
    assert (silent.identity_verification, silent.stored_sections) == ({}, {"tickets": {"statuses": ["OPEN"]}})


def test_a_stored_pattern_that_cannot_be_run_stops_the_migration() -> None:
    Organization.objects.create(code="plain", name="Plain", flags={"EXTERNAL_ID_PATTERN": "[A-Z]+"})
    carry_over("organizations", PATTERNS)
    Organization.objects.create(code="ahead", name="Ahead", flags={"EXTERNAL_ID_PATTERN": "(?=A).+"})
    with pytest.raises(ValueError, match=r"organization ahead: EXTERNAL_ID_PATTERN '\(\?=A\).\+' must be .* \(\?="):
        carry_over("organizations", PATTERNS)
