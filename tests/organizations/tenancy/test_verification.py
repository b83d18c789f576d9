"""What must a caller know of a customer to have an identifier changed?"""

from organizations.tenancy.models import Organization
from organizations.tenancy.verification import IdentityVerification


def test_what_the_section_leaves_out_is_not_asked() -> None:
    assert IdentityVerification.from_section({}) == IdentityVerification(
        mandatory=(), optional=(), optional_matches=0, otp=False
    )


def test_an_organization_verifies_as_its_section_defines() -> None:
    section = {"mandatory": ["firstname"], "optional": ["lastname", "email"], "optional_matches": 1, "otp": True}
    assert Organization(identity_verification=section).verification == IdentityVerification(
        mandatory=("firstname",), optional=("lastname", "email"), optional_matches=1, otp=True
    )
