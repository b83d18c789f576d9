"""Which rows describe engagement? Programs with their versions and tiers, and who is in them."""

from engagement.models.programs import Membership, Program, ProgramVersion, Tier

__all__ = ["Membership", "Program", "ProgramVersion", "Tier"]
