"""Rows of engagement, by noun. Django finds the models here."""

from engagement.adjustments.models import AdjustmentReversal, PointsAdjustment
from engagement.bills.models import Bill, BillLine, PurchaseTotals
from engagement.coupons.models import (
    CodeRun,
    Coupon,
    CouponRedemption,
    CouponReversal,
    CouponSeries,
    CouponSeriesVersion,
    SeriesIssues,
)
from engagement.earning.models import OccasionRun
from engagement.events.models import DeferredEvent
from engagement.figures.models import ActiveCustomers, DayFigures, FiguresRefresh, PointsFigures, TierFigures
from engagement.interactions.models import Interaction, Notification
from engagement.notes.models import Note
from engagement.points.models import BillPoints, ExpiringPoints, PointsAccount, PointsConsumption, PointsEntry, PointsLot
from engagement.programs.models import Membership, Program, ProgramDraft, ProgramVersion, Tier
from engagement.recommendations.models import ItemPair, Recommendation
from engagement.redemptions.models import Redemption, RedemptionReversal
from engagement.rehearsal.models import Rehearsal
from engagement.tiers.models import TierChange

__all__ = [
    "ActiveCustomers",
    "AdjustmentReversal",
    "Bill",
    "BillLine",
    "BillPoints",
    "CodeRun",
    "Coupon",
    "CouponRedemption",
    "CouponReversal",
    "CouponSeries",
    "CouponSeriesVersion",
    "DayFigures",
    "DeferredEvent",
    "ExpiringPoints",
    "FiguresRefresh",
    "Interaction",
    "ItemPair",
    "Membership",
    "Note",
    "Notification",
    "OccasionRun",
    "PointsAccount",
    "PointsAdjustment",
    "PointsConsumption",
    "PointsEntry",
    "PointsFigures",
    "PointsLot",
    "Program",
    "ProgramDraft",
    "ProgramVersion",
    "PurchaseTotals",
    "Recommendation",
    "Redemption",
    "RedemptionReversal",
    "Rehearsal",
    "SeriesIssues",
    "Tier",
    "TierChange",
    "TierFigures",
]
