"""Which rows describe engagement? Programs with their members, bills, and the ledger of points."""

from engagement.models.bill_points import BillPoints
from engagement.models.bills import Bill, BillLine, PurchaseTotals
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
