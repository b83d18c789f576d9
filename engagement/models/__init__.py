"""Which rows describe engagement? Programs with their members, bills, the ledger of points, and loyalty events that wait."""

from engagement.models.bill_points import BillPoints
from engagement.models.bills import Bill, BillLine, PurchaseTotals
from engagement.models.deferral import DeferredEvent
from engagement.models.points import (
    PointsAccount,
    PointsConsumption,
    PointsEntry,
    PointsLot,
    Redemption,
    RedemptionReversal,
)
from engagement.models.programs import Membership, Program, ProgramVersion, Tier

__all__ = [
    "Bill",
    "BillLine",
    "BillPoints",
    "DeferredEvent",
    "Membership",
    "PointsAccount",
    "PointsConsumption",
    "PointsEntry",
    "PointsLot",
    "Program",
    "ProgramVersion",
    "PurchaseTotals",
    "Redemption",
    "RedemptionReversal",
    "Tier",
]
