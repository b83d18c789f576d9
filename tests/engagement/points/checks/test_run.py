"""Does each check find the row that was spoiled for it, and nothing in a ledger that is right?"""

import pytest
from django.db import connection

from engagement.points.checks.queries import CHECKS
from engagement.points.checks.run import check_ledger
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.engagement.points_history import History, write_adjustments, write_history
from tests.factories.organizations import OrganizationFactory

pytestmark = pytest.mark.django_db

# Which check must find what a statement does: only a holder of the database's password can run it.
SPOILS = [
    ("account_totals", "UPDATE engagement_pointsaccount SET lifetime = lifetime + 1, adjusted = adjusted - 1"),
    ("account_totals", "UPDATE engagement_pointsaccount SET redeemed = redeemed + 1, expired = expired - 1"),
    ("account_totals", "UPDATE engagement_pointsaccount SET returned = returned + 1, balance = balance - 1"),
    ("account_totals", "UPDATE engagement_pointsaccount SET promised_returned = 7"),
    ("account_totals", "UPDATE engagement_pointsaccount SET version = version + 1"),
    ("account_totals", "UPDATE engagement_pointsentry SET promised = promised + 1 WHERE kind = 'REDEEM'"),
    ("entry_chain", "UPDATE engagement_pointsentry SET balance_after = balance_after + 1 WHERE version = 1"),
    ("entry_chain", "UPDATE engagement_pointsentry SET version = 100 WHERE version = 2"),
    ("entry_chain", "UPDATE engagement_pointsentry SET points = points - 1 WHERE kind = 'REDEEM'"),
    ("entry_consumptions", "UPDATE engagement_pointsconsumption SET points = points + 1"),
    ("entry_consumptions", "DELETE FROM engagement_pointsconsumption"),
    ("lot_origins", "UPDATE engagement_pointslot SET points = points + 1, expired = expired + 1"),
    (
        "lot_origins",
        "UPDATE engagement_pointslot SET entry_id = (SELECT id FROM engagement_pointsentry WHERE kind = 'REDEEM') "
        "WHERE NOT is_open",
    ),
    ("lot_parts", 'UPDATE engagement_pointslot SET "left" = "left" - 1 WHERE "left" > 0'),
    ("lot_parts", "UPDATE engagement_pointslot SET expired = expired - 1 WHERE expired > 0"),
    ("lot_parts", "UPDATE engagement_pointslot SET returned = returned - 1 WHERE returned > 0"),
    ("lot_parts", 'UPDATE engagement_pointslot SET moved = 1, "left" = "left" - 1 WHERE NOT is_open'),
    ("moved_lots", 'UPDATE engagement_pointslot SET moved = 1, "left" = "left" - 1 WHERE NOT is_open'),
    ("lots_hold_the_balance", "UPDATE engagement_pointslot SET is_open = NOT is_open WHERE opens_at IS NOT NULL"),
    ("lots_hold_the_balance", 'UPDATE engagement_pointslot SET "left" = "left" - 1 WHERE "left" > 0 AND is_open'),
    ("due_moments", "UPDATE engagement_pointsaccount SET due_at = NULL"),
    ("due_moments", "UPDATE engagement_pointsaccount SET due_at = due_at + interval '1 second'"),
    ("redemptions", "UPDATE engagement_redemption SET reversed = reversed + 1"),
    ("redemptions", "UPDATE engagement_redemption SET points = points + 1"),
    ("reversal_entries", "UPDATE engagement_redemptionreversal SET points = points + 1"),
    ("reversal_entries", "UPDATE engagement_pointsentry SET reverses_id = NULL"),
    ("reversal_entries", "DELETE FROM engagement_redemptionreversal"),
    ("reversed_lots", "UPDATE engagement_pointsconsumption SET points = points - 100 WHERE points < 0"),
    ("adjustments", "UPDATE engagement_pointsadjustment SET points = points + 1"),
    ("adjustments", "UPDATE engagement_pointsentry SET kind = 'AWARD' WHERE kind = 'ADJUST' AND points > 0"),
    ("adjustment_reversals", "UPDATE engagement_adjustmentreversal SET points = points + 1"),
    ("adjustment_reversals", "UPDATE engagement_adjustmentreversal SET gone = gone + 1"),
    ("adjustment_reversals", "DELETE FROM engagement_adjustmentreversal"),
    ("adjustment_reversals", "UPDATE engagement_pointsentry SET reverses_id = NULL WHERE kind = 'ADJUST'"),
    (
        "taken_back_lots",
        "UPDATE engagement_pointsconsumption SET lot_id = (SELECT min(id) FROM engagement_pointslot) "
        "WHERE points > 0 AND entry_id IN (SELECT entry_id FROM engagement_adjustmentreversal)",
    ),
    (
        "taken_back_lots",
        "UPDATE engagement_pointsconsumption SET points = points + 1 "
        "WHERE points < 0 AND entry_id IN (SELECT entry_id FROM engagement_adjustmentreversal)",
    ),
    ("bill_points", "UPDATE engagement_billpoints SET issued = issued + 1"),
    ("bill_points", "UPDATE engagement_billpoints SET taken = taken - 1"),
    (
        "bill_line_points",
        """UPDATE engagement_billpoints SET of_lines = '[{"lines": [1], "points": "1"}, {"lines": [2], "points": "999"}]'""",
    ),
    ("account_purchases", "UPDATE engagement_pointsaccount SET purchases = purchases + 1"),
    ("account_purchases", "UPDATE engagement_pointsaccount SET visits = visits + 1"),
    ("purchase_totals", "UPDATE engagement_purchasetotals SET amount = amount + 1"),
    ("purchase_totals", "UPDATE engagement_purchasetotals SET bills = bills + 1"),
    ("purchase_totals", "UPDATE engagement_purchasetotals SET last_billed_at = last_billed_at + interval '1 second'"),
    ("purchase_totals", "DELETE FROM engagement_purchasetotals"),
    ("bill_returns", "UPDATE engagement_bill SET returned_amount = returned_amount + 1 WHERE return_of_id IS NULL"),
]
_APPEND_ONLY = (
    "engagement_pointsentry",
    "engagement_pointsconsumption",
    "engagement_pointsadjustment",
    "engagement_adjustmentreversal",
)


@pytest.fixture
def history(organization: Organization) -> History:
    history = write_history(organization)
    write_adjustments(history)
    return history


def spoil(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in _APPEND_ONLY:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
        assert cursor.rowcount


def findings_of(organization: Organization) -> list[str]:
    return list(map(str, check_ledger(organization)))


def test_a_long_history_holds(organization: Organization, history: History) -> None:
    history.account.refresh_from_db()
    assert (history.account.balance, history.account.promised) == (40, 30)
    assert findings_of(organization) == []


@pytest.mark.parametrize(("check", "statement"), SPOILS)
def test_what_is_spoiled_is_found(organization: Organization, history: History, check: str, statement: str) -> None:
    spoil(statement)
    assert check in {finding.check.name for finding in check_ledger(organization)}
    with unscoped("a second tenant"):
        other = OrganizationFactory(code="bazaar", with_program=True)
    with organization_scope(other):
        write_adjustments(write_history(other))
        assert findings_of(other) == []


def test_every_check_is_shown_to_find_something() -> None:
    assert {check for check, _ in SPOILS} == {check.name for check in CHECKS}
    assert len({check.name for check in CHECKS}) == len(CHECKS)


def test_a_finding_names_row_column_and_numbers(organization: Organization, history: History) -> None:
    spoil("UPDATE engagement_bill SET returned_amount = 499.5 WHERE return_of_id IS NULL")
    assert findings_of(organization) == [f"bill_returns: Bill {history.sale.pk}: returned_amount is 499.5, expected 500"]


def test_consumption_by_the_entry_of_another_account_is_found(organization: Organization, history: History) -> None:
    other = write_history(organization)
    spoil(
        "UPDATE engagement_pointsconsumption AS spoiled SET lot_id = other.lot_id FROM engagement_pointsconsumption AS other "  # noqa: S608
        f"WHERE spoiled.id = (SELECT min(id) FROM engagement_pointsconsumption) "
        f"AND other.lot_id IN (SELECT id FROM engagement_pointslot WHERE account_id = {other.account.pk})"
    )
    assert "consumed by other accounts" in {finding.figure for finding in check_ledger(organization)}
