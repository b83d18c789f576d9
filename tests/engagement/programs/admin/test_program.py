"""Programs in the back office: their figures, their rules in sentences, and pausing."""

from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries

from engagement.points.models import PointsAccount
from engagement.programs.models import Program
from loyalty_project import clock
from organizations.audit.models import AuditEntry
from organizations.locations.models import Store
from organizations.tenancy.models import Organization
from tests.back_office import list_of, log_in, page_of, shown
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.programs import ProgramFactory, ProgramVersionFactory
from tests.factories.staff import StaffMemberFactory

PROGRAMS = "engagement_program"


def pause_page(program: Program) -> str:
    return page_of(PROGRAMS, program).replace("/change/", "/pause/")


@pytest.mark.parametrize("programs", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    administrator: Client,
    account: PointsAccount,
    programs: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(1, programs):
        more = ProgramFactory(organization=account.organization, name=f"Program {number}")
        PointsAccountFactory(organization=account.organization, program=more)
    # Session, member of staff, the limit to stores, programs, the count.
    with django_assert_num_queries(6):
        answer = administrator.get(list_of(PROGRAMS))
    assert len(shown(answer)) == programs


def test_the_list_shows_members_points_and_state(administrator: Client, account: PointsAccount) -> None:
    other = PointsAccountFactory(organization=account.organization)
    PointsAccount.objects.filter(pk=other.pk).update(balance=-30, adjusted=-30, floor=-30)
    give_points(account, 1900)
    Program.objects.update(is_paused=True)
    (row,) = shown(administrator.get(list_of(PROGRAMS)))
    assert (row.members, row.outstanding, row.promised, row.newest) == (2, 2000, 0, 2)
    page = administrator.get(list_of(PROGRAMS)).content.decode()
    assert "2,000" in page
    assert "paused" in page


def test_the_page_describes_the_rules_and_every_version(
    administrator: Client, account: PointsAccount, club_program: Program
) -> None:
    newest = club_program.versions.latest("number")
    rules: dict[str, Any] = {**newest.rules, "earning": [{"name": "base", "award": {"percent": 10}}]}
    ProgramVersionFactory(program=club_program, number=3, rules=rules, made_at=clock.now())
    page = administrator.get(page_of(PROGRAMS, club_program)).content.decode()
    for text in (
        "10 % of the amount as points.",
        "Reached by purchases of 1,000.00 in all.",
        "Version 3",
        "in force",
        "percent",
    ):
        assert text in page


def test_the_page_shows_what_was_issued_and_what_it_is_worth(
    administrator: Client, account: PointsAccount, club_program: Program
) -> None:
    give_points(account, 1900)
    rules = {**club_program.versions.latest("number").rules, "points_to_currency": 0.25}
    ProgramVersionFactory(program=club_program, number=3, rules=rules, made_at=clock.now())
    page = " ".join(strip_tags(administrator.get(page_of(PROGRAMS, club_program)).content.decode()).split())
    assert "Points issued 2,000 Redeemed 0 Expired 0 Taken back by returns 0 Balance of all members 2,000" in page
    assert "Liability 500.00 INR" in page, page[page.index("Liability") :][:60]


def test_an_administrator_pauses_a_program_and_lets_it_go_on(administrator: Client, club_program: Program) -> None:
    assert "While the program is paused" in administrator.get(pause_page(club_program)).content.decode()
    assert administrator.post(pause_page(club_program))["Location"] == page_of(PROGRAMS, club_program)
    club_program.refresh_from_db()
    assert club_program.is_paused
    assert AuditEntry.objects.get(object_type="program", new={"paused": True}).actor == "staff:asha"
    assert "After it is resumed" in administrator.get(pause_page(club_program)).content.decode()
    administrator.post(pause_page(club_program))
    club_program.refresh_from_db()
    assert not club_program.is_paused


def test_programs_are_paused_from_the_list(operator: Client, administrator: Client, club_program: Program) -> None:
    for browser, action, paused in ((administrator, "pause", True), (operator, "resume", False)):
        browser.post(list_of(PROGRAMS), {"action": action, "confirmed": "1", "_selected_action": [str(club_program.pk)]})
        club_program.refresh_from_db()
        assert club_program.is_paused is paused


def test_who_may_not_pause_does_not(auditor: Client, organization: Organization, club_program: Program) -> None:
    assert "Pause or go on" not in auditor.get(page_of(PROGRAMS, club_program)).content.decode()
    assert auditor.post(pause_page(club_program)).status_code == 403
    auditor.post(list_of(PROGRAMS), {"action": "pause", "confirmed": "1", "_selected_action": [str(club_program.pk)]})
    club_program.refresh_from_db()
    assert not club_program.is_paused


def test_a_program_that_is_not_there_leads_to_the_start_page(administrator: Client, club_program: Program) -> None:
    assert administrator.post(f"/admin/engagement/program/{club_program.pk + 1}/pause/")["Location"] == "/admin/"


def test_programs_are_not_for_who_is_limited_to_stores(organization: Organization, store: Store) -> None:
    manager = log_in(StaffMemberFactory(organization=organization, role="store_manager", stores=[store]))
    assert manager.get(list_of(PROGRAMS)).status_code == 403
