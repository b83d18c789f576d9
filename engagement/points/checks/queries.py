"""All checks of the ledger, in the order in which they run (docs/ledger.md, "How to check")."""

from engagement.points.checks.accounts import ACCOUNT_TOTALS, DUE_MOMENTS, ENTRY_CHAIN, ENTRY_CONSUMPTIONS
from engagement.points.checks.adjustments import ADJUSTMENT_REVERSALS, ADJUSTMENTS, TAKEN_BACK_LOTS
from engagement.points.checks.bills import ACCOUNT_PURCHASES, BILL_LINE_POINTS, BILL_POINTS, BILL_RETURNS, PURCHASE_TOTALS
from engagement.points.checks.lots import LOT_ORIGINS, LOT_PARTS, LOTS_HOLD_THE_BALANCE, MOVED_LOTS, REVERSED_LOTS
from engagement.points.checks.redemptions import REDEMPTIONS, REVERSAL_ENTRIES

CHECKS = (
    ACCOUNT_TOTALS,
    ENTRY_CHAIN,
    ENTRY_CONSUMPTIONS,
    LOT_ORIGINS,
    LOT_PARTS,
    MOVED_LOTS,
    LOTS_HOLD_THE_BALANCE,
    DUE_MOMENTS,
    REDEMPTIONS,
    REVERSAL_ENTRIES,
    REVERSED_LOTS,
    ADJUSTMENTS,
    ADJUSTMENT_REVERSALS,
    TAKEN_BACK_LOTS,
    BILL_POINTS,
    BILL_LINE_POINTS,
    BILL_RETURNS,
    ACCOUNT_PURCHASES,
    PURCHASE_TOTALS,
)
