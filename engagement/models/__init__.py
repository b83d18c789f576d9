"""Which rows describe engagement? Programs with their versions and tiers, who is in them, and loyalty events that wait."""

from engagement.models.deferral import DeferredEvent
from engagement.models.programs import Membership, Program, ProgramVersion, Tier

__all__ = ["DeferredEvent", "Membership", "Program", "ProgramVersion", "Tier"]
