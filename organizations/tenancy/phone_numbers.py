"""How mobile numbers are read for an organization (docs/protocol.md 2.2)."""

from collections.abc import Sequence
from typing import TypedDict

from organizations.policies import Policy
from organizations.tenancy.models import Organization


class MobileReading(TypedDict):
    """Arguments of `loyalty_project.phone_numbers.read_mobile` and `stored_mobile`."""

    countries: Sequence[str]
    country_code: str
    is_lenient: bool


def mobile_reading(organization: Organization, policy: Policy, country_code: str) -> MobileReading:
    """The organization's countries and leniency, and the dial code of the request ("" for none)."""
    return {
        "countries": organization.supported_countries,
        "country_code": country_code,
        "is_lenient": policy.lenient_mobiles,
    }
