"""The back office as a whole: permissions of every role."""

import re
from collections import Counter
from typing import Any

import pytest
from django.contrib import admin

from organizations.staff.models import StaffMember
from organizations.staff.reach import REVEAL_PERMISSION, VIEW_PERMISSION
from use_cases.back_office import STAFF_PERMISSIONS

Role = StaffMember.Role
LETTERS = {
    "A": Role.ORG_ADMIN,
    "M": Role.STORE_MANAGER,
    "S": Role.STORE_STAFF,
    "C": Role.CARE_AGENT,
    "U": Role.AUDITOR,
}
# Every permission, the roles that have it, and whether a member limited to stores keeps it.
TABLE = """
    customers.add_customer                  A M S . .  kept
    customers.add_customerstatus            A . . . .  .
    customers.add_identityrequest           A M S C .  kept
    customers.add_segment                   A . . . .  .
    customers.add_usergroup                 A . . . .  .
    customers.change_customer               A M S C .  kept
    customers.change_customerstatus         A . . . .  .
    customers.change_segment                A . . . .  .
    customers.change_usergroup              A . . . .  .
    customers.decide_identityrequest        A M . C .  kept
    customers.erase_customer                A . . . .  .
    customers.export_customer               A . . C .  .
    customers.judge_duplicatecandidate      A M . C .  kept
    customers.judge_fraud                   A M . C .  kept
    customers.merge_customers               A M . C .  kept
    customers.read_outboxmessage            A . . C .  kept
    customers.view_card                     A M S C U  kept
    customers.view_customer                 A M S C U  kept
    customers.view_customerstatus           A . . C U  .
    customers.view_duplicatecandidate       A M . C U  kept
    customers.view_erasure                  A M . C U  kept
    customers.view_identityrequest          A M S C U  kept
    customers.view_merge                    A M S C U  kept
    customers.view_outboxmessage            A M . C U  kept
    customers.view_segment                  A . . C U  .
    customers.view_usergroup                A . . C U  .
    engagement.add_note                     A M S C .  kept
    engagement.adjust_points                A M S C .  kept
    engagement.correct_coupon               A M . C .  kept
    engagement.edit_couponseries            A . . . .  .
    engagement.edit_program                 A . . . .  .
    engagement.generate_codes               A . . . .  .
    engagement.issue_coupon                 A M . C .  kept
    engagement.pause_program                A . . . .  .
    engagement.record_bill                  A M . . .  kept
    engagement.redeem_points                A M S C .  kept
    engagement.retry_deferredevent          A . . C .  .
    engagement.reverse_redemption           A M . C .  kept
    engagement.set_tier                     A M . C .  kept
    engagement.view_bill                    A M S C U  kept
    engagement.view_coderun                 A . . . .  .
    engagement.view_coupon                  A M S C U  kept
    engagement.view_couponseries            A M . C U  .
    engagement.view_deferredevent           A . . C U  .
    engagement.view_expiringpoints          A M S C U  kept
    engagement.view_figures                 A M . . U  kept
    engagement.view_interaction             A M S C U  kept
    engagement.view_itempair                A M . C U  .
    engagement.view_membership              A M S C U  kept
    engagement.view_note                    A M S C U  kept
    engagement.view_notification            A M S C U  kept
    engagement.view_pointsaccount           A M S C U  kept
    engagement.view_pointsadjustment        A M S C U  kept
    engagement.view_pointsentry             A M S C U  kept
    engagement.view_pointslot               A M S C U  kept
    engagement.view_program                 A M . C U  .
    engagement.view_recommendation          A M S C U  kept
    engagement.view_redemption              A M S C U  kept
    engagement.view_rehearsal               A . . . .  .
    organizations.add_apiclient             A . . . .  .
    organizations.add_cardseries            A . . . .  .
    organizations.add_concept               A . . . .  .
    organizations.add_fielddefinition       A . . . .  .
    organizations.add_sourceaccount         A . . . .  .
    organizations.add_staffmember           A . . . .  .
    organizations.add_store                 A . . . .  .
    organizations.add_till                  A . . . .  .
    organizations.add_zone                  A . . . .  .
    organizations.change_apiclient          A . . . .  .
    organizations.change_cardseries         A . . . .  .
    organizations.change_concept            A . . . .  .
    organizations.change_fielddefinition    A . . . .  .
    organizations.change_organization       A . . . .  .
    organizations.change_sourceaccount      A . . . .  .
    organizations.change_staffmember        A . . . .  .
    organizations.change_store              A . . . .  .
    organizations.change_till               A . . . .  .
    organizations.change_zone               A . . . .  .
    organizations.export_lists              A M . . .  kept
    organizations.import_files              A M . . .  .
    organizations.import_points             A . . . .  .
    organizations.reveal_personal_data      . . . . U  kept
    organizations.view_apiclient            A . . . U  .
    organizations.view_auditentry           A . . C U  .
    organizations.view_cardseries           A . . . U  .
    organizations.view_concept              A . . . U  .
    organizations.view_fielddefinition      A . . . U  .
    organizations.view_idempotencykey       A . . . .  .
    organizations.view_importrun            A M . . U  .
    organizations.view_organization         A . . . U  .
    organizations.view_personal_data        A M S C .  kept
    organizations.view_sourceaccount        A . . . U  .
    organizations.view_staffmember          A . . . U  .
    organizations.view_store                A M . . U  kept
    organizations.view_till                 A M . . U  kept
    organizations.view_zone                 A . . . U  .
    referrals.decide_reward                 A . . C .  .
    referrals.edit_referralcampaign         A . . . .  .
    referrals.view_invitation               A M . C U  .
    referrals.view_referralcampaign         A M . C U  .
    referrals.view_referrallink             A M . C U  .
    referrals.view_reward                   A M . C U  .
    subscriptions.change_consent            A M S C .  kept
    subscriptions.view_consent              A M S C U  kept
    subscriptions.view_consentchange        A M S C U  kept
    tickets.add_ticketchoice                A . . . .  .
    tickets.change_ticket                   A M S C .  kept
    tickets.change_ticketchoice             A . . . .  .
    tickets.view_ticket                     A M S C U  kept
    tickets.view_ticketchoice               A . . . U  .
    webhooks.add_endpoint                   A . . . .  .
    webhooks.change_endpoint                A . . . .  .
    webhooks.replay_delivery                A . . . .  .
    webhooks.view_delivery                  A . . . U  .
    webhooks.view_endpoint                  A . . . U  .
"""


def rows_of_table() -> dict[str, tuple[set[str], bool]]:
    """Roles and `kept` of every permission of the table."""
    rows: dict[str, tuple[set[str], bool]] = {}
    for line in TABLE.strip().splitlines():
        name, *letters, kept = line.split()
        rows[name] = ({LETTERS[letter] for letter in letters if letter in LETTERS}, kept == "kept")
    return rows


def test_every_role_has_the_permissions_of_the_table() -> None:
    by_role = {role: {name for name, (roles, _) in rows_of_table().items() if role in roles} for role in Role.values}
    assert STAFF_PERMISSIONS.by_role == by_role


def test_a_limit_to_stores_keeps_the_permissions_of_the_table() -> None:
    assert STAFF_PERMISSIONS.within_stores == {name for name, (_, kept) in rows_of_table().items() if kept}


def test_no_role_may_delete() -> None:
    assert not [name for permissions in STAFF_PERMISSIONS.by_role.values() for name in permissions if ".delete_" in name]


def test_an_auditor_may_only_view() -> None:
    others = STAFF_PERMISSIONS.by_role[Role.AUDITOR] - {REVEAL_PERMISSION}
    assert all(".view_" in name for name in others)


def test_who_sees_masked_values_can_change_nothing_about_customers() -> None:
    """A form of theirs would store what is masked, or show what is not."""
    masked = [permissions for permissions in STAFF_PERMISSIONS.by_role.values() if VIEW_PERMISSION not in permissions]
    assert masked
    changing = {name for permissions in masked for name in permissions - {REVEAL_PERMISSION} if ".view_" not in name}
    assert changing == set()


@pytest.mark.parametrize("page", admin.site._registry.values(), ids=lambda page: type(page).__name__)
def test_no_base_hides_the_permission_of_another_one(page: Any) -> None:
    """A page of one base would be guarded by the permission of another."""
    ours = [each for each in type(page).__mro__ if not each.__module__.startswith(("django.", "unfold.", "import_export."))]
    named = Counter(name for each in ours for name in vars(each) if re.fullmatch(r"has_\w+_permission", name))
    usual = {f"has_{action}_permission" for action in ("add", "change", "delete", "view", "module")}
    assert [name for name, count in named.items() if count > 1 and name not in usual] == []
