"""Figures of a whole program."""

from decimal import Decimal

from engagement.points.figures import ProgramFigures, read_figures
from engagement.points.models import PointsAccount
from engagement.programs.models import Program
from tests.factories.points import PointsAccountFactory
from tests.factories.programs import ProgramFactory

FIGURES = {
    "lifetime": 100, "balance": 55, "redeemed": 20, "expired": 15, "returned": 10, "promised": 5,
}  # fmt: skip


def account_of(program: Program, **figures: object) -> PointsAccount:
    account = PointsAccountFactory(organization=program.organization, program=program)
    PointsAccount.objects.filter(pk=account.pk).update(**figures)
    return account


def test_figures_are_sums_over_the_members(club_program: Program) -> None:
    account_of(club_program, **FIGURES)
    account_of(club_program, **FIGURES)
    account_of(ProgramFactory(organization=club_program.organization), **FIGURES)
    assert read_figures(club_program, ratio=Decimal("0.333"), currency="INR") == ProgramFigures(
        issued=Decimal(200),
        redeemed=Decimal(40),
        expired=Decimal(30),
        returned=Decimal(20),
        outstanding=Decimal(110),
        promised=Decimal(10),
        liability=Decimal("39.96"),
    )


def test_an_account_below_zero_is_no_liability(club_program: Program) -> None:
    account_of(club_program, **FIGURES)
    account_of(club_program, balance=-30, adjusted=-30, floor=-30)
    assert read_figures(club_program, ratio=Decimal(1), currency="INR").liability == 60


def test_points_without_a_worth_have_no_liability(club_program: Program) -> None:
    account_of(club_program, **FIGURES)
    assert read_figures(club_program, ratio=Decimal(0), currency="INR").liability is None


def test_a_program_without_members_has_zeros(club_program: Program) -> None:
    figures = read_figures(club_program, ratio=Decimal(1), currency="INR")
    assert (figures.issued, figures.outstanding, figures.liability) == (0, 0, 0)
