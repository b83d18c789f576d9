"""Drafts of a program's rules in the back office: forms, what will change, a version, and a rehearsal."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from engagement.programs.models import Program, ProgramDraft, ProgramVersion
from engagement.rehearsal.models import Rehearsal
from engagement.rehearsal.running import work_rehearsal
from loyalty_project import clock
from loyalty_project.jobs import IMPORTS
from organizations.audit.models import AuditEntry
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from tests.back_office import log_in, text_of
from tests.factories.bills import DAY, member, open_shop
from tests.factories.program_files import club, load
from tests.factories.staff import StaffMemberFactory

pytestmark = pytest.mark.django_db
FULL: dict[str, Any] = {
    "name": "full",
    "when": {
        "min_amount": 10, "stores": ["blr"], "tiers": ["Silver"], "weekdays": ["mon", "tue"], "from": "2026-01-01",
        "items": {"include": ["TENT", "ROPE"]}, "attributes": {"brand": ["Alder", "Birch"]},
    },
    "award": {"per": 100, "points": 5},
    "kind": "promotional",
    "expiry": {"kind": "months", "value": 6},
    "delay_days": 3,
    "max_points_per_month": 400,
}  # fmt: skip


def page(name: str, *parts: Any) -> str:
    return reverse(f"admin:engagement_program_{name}", args=[Program.objects.get().pk, *parts])


def sent(client: Client, address: str, **changes: Any) -> dict[str, Any]:
    """What the form at an address sends when `changes` are typed into it; underscores of names stay as they are."""
    form = client.get(address).context["form"]
    values = {name: field.value() for name, field in ((name, form[name]) for name in form.fields)}
    typed = {**values, **changes}
    return {name: value for name, value in typed.items() if value not in (None, "", False, [])} | {
        "of": getattr(form, "of", "")
    }


def write(client: Client, text: str) -> Any:
    """The answer to rules as YAML."""
    return client.post(page("yaml"), sent(client, page("yaml"), text=text))


def remove(client: Client, position: int) -> Any:
    """The answer to the button of a rule's form that takes the rule out."""
    of = client.get(page("rule", "earning", position)).context["form"].of
    return client.post(page("remove_rule", "earning", position), {"of": of}, follow=True)


def looked_at(client: Client) -> dict[str, str]:
    """What the page sends that saves the draft."""
    return {"draft": client.get(page("publish")).context["seen"]}


@pytest.fixture
def editor(northwind: Organization) -> Client:
    return log_in(StaffMemberFactory(organization=northwind, role="org_admin", username="asha"))


def load_rules(**changes: Any) -> None:
    """Other rules by the organization file, which names no staff: they stay."""
    load(club(**changes))
    StaffMember.objects.update(is_active=True)


def newest() -> ProgramVersion:
    return ProgramVersion.objects.order_by("-number")[0]


def test_a_rule_is_added_shown_in_words_and_saved_as_a_version(editor: Client, northwind: Organization) -> None:
    before = newest()
    typed = {"name": "weekend", "award.multiply": "2", "award.of": ["base"], "when.weekdays": ["sat", "sun"]}
    answer = editor.post(page("rule", "earning", 0), sent(editor, page("rule", "earning", 0), **typed), follow=True)
    draft = ProgramDraft.objects.get()
    assert (draft.number, draft.changed_by, newest().number) == (before.number, "staff:asha", before.number)
    said = "Rule weekend is new: 2 times the regular points of the rules base on Saturdays and Sundays."
    assert said in text_of(answer)
    assert said in text_of(editor.get(page("publish")))
    saved = editor.post(page("publish"), looked_at(editor), follow=True)
    assert "Version 2 of the rules is in force." in text_of(saved)
    assert newest().rules == {
        **before.rules,
        "earning": [
            {"name": "base", "award": {"per": 100, "points": 5}},
            {"name": "weekend", "when": {"weekdays": ["sat", "sun"]}, "award": {"multiply": 2, "of": ["base"]}},
        ],
    }
    assert not ProgramDraft.objects.exists()
    entry = AuditEntry.objects.filter(object_type="programversion").latest("pk")
    assert (entry.source, entry.actor) == ("BACK_OFFICE", "staff:asha")


def test_every_field_of_a_rule_survives_its_form(northwind: Organization, editor: Client) -> None:
    load_rules(earning=[{**FULL, "when": {**FULL["when"], "from": date(2026, 1, 1)}}])
    before = newest().rules
    address = page("rule", "earning", 1)
    editor.post(address, sent(editor, address))
    assert not ProgramDraft.objects.exists()
    editor.post(address, sent(editor, address, **{"expiry.kind": "never"}))
    (rule,) = ProgramDraft.objects.get().rules["earning"]
    assert rule == {**before["earning"][0], "expiry": {"kind": "never"}} or rule == {
        name: value for name, value in before["earning"][0].items() if name != "expiry"
    }


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"name": "base", "award.fixed": "5"}, "name", "'base' stands here twice."),
        ({"name": "x"}, "__all__", "award"),
        ({"name": "x", "award.fixed": "five"}, "award.fixed", "Enter a number in plain digits"),
        ({"name": "x", "award.fixed": "5", "when.birthday": "day"}, "when.birthday", "Needs the birthday_field"),
        ({"name": "x", "award.fixed": "5", "when.items.include": ""}, "", ""),
    ],
)
def test_a_wrong_rule_is_refused_at_its_field(editor: Client, typed: dict[str, Any], field: str, message: str) -> None:
    address = page("rule", "earning", 0)
    answer = editor.post(address, sent(editor, address, **typed))
    assert ProgramDraft.objects.exists() == (field == "")
    if field:
        errors = answer.context["form"].errors
        assert any(message in error for error in errors[field]), errors


def test_tiers_are_changed_as_a_table(editor: Client) -> None:
    address = page("tiers")
    changes = {"tiers[1].upgrade.threshold": "1500", "tiers[2].name": "", "tiers[1].on_entry.points": "20"}
    editor.post(address, sent(editor, address, **changes))
    assert ProgramDraft.objects.get().rules["tiers"] == [
        {"name": "Bronze", "description": "Everybody"},
        {
            "name": "Silver",
            "description": "Regulars",
            "upgrade": {"based_on": "CUMULATIVE_PURCHASES", "threshold": 1500},
            "validity_months": 12,
            "on_entry": {"points": 20},
        },
    ]
    answer = editor.post(address, sent(editor, address, **{"tiers[1].upgrade.threshold": ""}))
    assert "Is required." in text_of(answer)


def test_settings_and_yaml_change_the_same_draft(editor: Client) -> None:
    address = page("settings")
    editor.post(address, sent(editor, address, points_to_currency="0.25", expiry_notice_days="30\n7"))
    rules = ProgramDraft.objects.get().rules
    assert (rules["points_to_currency"], rules["expiry_notice_days"]) == (0.25, [30, 7])
    text = editor.get(page("yaml")).context["form"]["text"].value()
    assert "points_to_currency: 0.25" in text
    write(editor, "precision: 2\n")
    assert ProgramDraft.objects.get().rules == {"precision": 2}
    refused = write(editor, "precision: 9\nbound_to: {zones: [south]}\n")
    assert "bound_to: Is no rule: change it in the organization file." in text_of(refused)
    editor.post(page("discard"))
    assert not ProgramDraft.objects.exists()


def test_a_rule_that_others_need_is_not_removed(editor: Client, northwind: Organization) -> None:
    load_rules(earning=[{"name": "base", "award": {"fixed": 1}}, {"name": "x", "award": {"multiply": 2, "of": ["base"]}}])
    assert "base is needed" in text_of(remove(editor, 1))
    late = sent(editor, page("rule", "earning", 2), name="y")
    remove(editor, 2)
    assert ProgramDraft.objects.get().rules["earning"] == [{"name": "base", "award": {"fixed": 1}}]
    assert editor.get(page("rule", "earning", 9)).status_code == 404
    # Forms that were opened before a rule was removed change no other rule in its place.
    refused = editor.post(page("rule", "earning", 1), late)
    assert "The draft was changed since this page was opened." in text_of(refused)
    editor.post(page("remove_rule", "earning", 1), {"of": late["of"]})
    assert editor.post(page("remove_rule", "earning", 2), {"of": late["of"]})["Location"] == page("rules")
    assert editor.post(page("remove_rule", "nothing", 1), {"of": late["of"]}).status_code == 404
    assert ProgramDraft.objects.get().rules["earning"] == [{"name": "base", "award": {"fixed": 1}}]


@pytest.mark.parametrize(
    ("name", "parts", "typed"),
    [
        ("rule", ("earning", 1), {"award.points": "7"}),
        ("rule", ("earning", 0), {"name": "more", "award.fixed": "1"}),
        ("tiers", (), {"tiers[1].on_entry.points": "20"}),
        ("settings", (), {"precision": "1"}),
        ("yaml", (), {"text": "precision: 1\n"}),
    ],
)
def test_no_form_overwrites_what_another_changed(
    editor: Client, name: str, parts: tuple[Any, ...], typed: dict[str, str]
) -> None:
    mine = sent(editor, page(name, *parts), **typed)
    write(editor, "earning: [{name: base, award: {fixed: 9}}]\nprecision: 2\ntiers: [{name: Bronze}]\n")
    others = ProgramDraft.objects.get().rules
    # Sent once more as it is shown, it is as old as before.
    for _ in range(2):
        refused = editor.post(page(name, *parts), mine)
        assert "The draft was changed since this page was opened." in text_of(refused)
        mine["of"] = refused.context["form"].of
    assert ProgramDraft.objects.get().rules == others


def test_forms_of_different_keys_do_not_disturb_each_other(editor: Client) -> None:
    mine = sent(editor, page("settings"), precision="1")
    editor.post(page("rule", "earning", 1), sent(editor, page("rule", "earning", 1), **{"award.points": "7"}))
    editor.post(page("settings"), mine)
    rules = ProgramDraft.objects.get().rules
    assert (rules["precision"], rules["earning"][0]["award"]["points"]) == (1, 7)


def test_a_draft_of_older_rules_is_not_saved(editor: Client, northwind: Organization) -> None:
    write(editor, "precision: 2\n")
    seen = looked_at(editor)
    load_rules(precision=3)
    assert "changed since this draft began" in text_of(editor.get(page("rules")))
    assert "changed since the draft began" in text_of(editor.post(page("publish"), seen, follow=True))
    assert newest().rules["precision"] == 3


def test_a_draft_that_was_changed_meanwhile_is_shown_again(editor: Client, northwind: Organization) -> None:
    write(editor, "precision: 2\n")
    seen = looked_at(editor)
    write(editor, "precision: 3\n")
    answer = editor.post(page("publish"), seen, follow=True)
    assert "The draft was changed since this page was opened." in text_of(answer)
    assert (newest().number, ProgramDraft.objects.get().rules["precision"]) == (1, 3)
    editor.post(page("publish"), looked_at(editor))
    assert newest().rules["precision"] == 3


def test_a_draft_is_rehearsed_by_a_worker(editor: Client, northwind: Organization) -> None:
    load_rules(enrolment=None, points_to_currency=1)
    shop, asha = open_shop(northwind), member(northwind, firstname="Asha", lastname="Rao")
    now = clock.now()
    shop.record(shop.draft("S1", 900, customer_id=asha.pk, billed_at=now - 2 * DAY), now=now)
    text = "earning: [{name: base, award: {percent: 10}}]\ntiers:\n- {name: Bronze}\n"
    text += "- {name: Silver, upgrade: {based_on: CUMULATIVE_PURCHASES, threshold: 100}}\npoints_to_currency: 1\n"
    write(editor, text)
    answer = editor.post(page("rehearse"), {"days": "30"}, follow=True)
    rehearsal = Rehearsal.objects.get()
    assert "under way" in text_of(answer)
    job = ProcrastinateJob.objects.get(task_name="rehearse_program")
    assert (job.queue_name, job.args) == (IMPORTS, {"organization": "northwind", "rehearsal": rehearsal.pk})
    work_rehearsal(rehearsal.pk, organization=northwind)
    result = text_of(editor.get(reverse("admin:engagement_rehearsal_change", args=[rehearsal.pk])))
    assert "The draft issues 45 points more; the liability is 45.00 USD higher; 1 move up and 0 down." in result
    assert "Asha Rao Bronze Silver" in result
    assert "Rule base changes: 10 % of the amount as points." in result
    assert newest().rules["earning"] == [{"name": "base", "award": {"per": 100, "points": 5}}]
    done = editor.get(reverse("admin:engagement_rehearsal_progress", args=[rehearsal.pk]))
    assert b"data-poll" not in done.content
