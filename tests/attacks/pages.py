"""Every page and action of the back office, from the registry of the admin site: a new one is included by itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from django.contrib import admin
from django.db.models import Model
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, reverse

from customers.profile.models import Customer
from organizations.back_office.base import ReadOnlyAdmin
from organizations.staff.models import StaffMember
from tests.attacks.places import Place

# What the pages beside Django's own need, by the name of their address. A new page is added here.
PERMISSIONS: Final[Mapping[str, str]] = {
    "customers_customer_reveal": "organizations.reveal_personal_data",
    "customers_customer_hide": "organizations.reveal_personal_data",
    "customers_customer_edit": "customers.change_customer",
    "customers_customer_timeline": "customers.view_customer",
    "customers_customer_request_change": "customers.add_identityrequest",
    "customers_customer_correct_name": "customers.change_customer",
    "customers_customer_goodwill": "engagement.adjust_points",
    "customers_customer_issue_coupon": "engagement.issue_coupon",
    "customers_customer_redeem": "engagement.redeem_points",
    "customers_customer_reverse_redemption": "engagement.reverse_redemption",
    "customers_customer_record_bill": "engagement.record_bill",
    "customers_customer_open_ticket": "tickets.change_ticket",
    "customers_customer_release": "customers.decide_identityrequest",
    "customers_customer_issue_code": "customers.add_identityrequest",
    "customers_customer_erase": "customers.erase_customer",
    "customers_customer_export_list": "organizations.export_lists",
    "customers_customer_export_person": "customers.export_customer",
    "customers_customer_remove_value": "customers.change_customer",
    "customers_customer_find_duplicate": "customers.merge_customers",
    "customers_customer_merge": "customers.merge_customers",
    "customers_customer_simulate_bill": "engagement.view_bill",
    "customers_customer_set_status": "customers.judge_fraud",
    "customers_identityrequest_decide": "customers.decide_identityrequest",
    "customers_merge_undo": "customers.merge_customers",
    "customers_duplicatecandidate_dismiss": "customers.judge_duplicatecandidate",
    "engagement_bill_give_back": "engagement.record_bill",
    "engagement_coderun_download": "engagement.generate_codes",
    "engagement_bill_export_list": "organizations.export_lists",
    "engagement_coupon_export_list": "organizations.export_lists",
    "engagement_pointsentry_export_list": "organizations.export_lists",
    "engagement_redemption_export_list": "organizations.export_lists",
    "tickets_ticket_export_list": "organizations.export_lists",
    "engagement_coupon_expire": "engagement.correct_coupon",
    "engagement_coupon_reactivate": "engagement.correct_coupon",
    "engagement_couponseries_add": "engagement.edit_couponseries",
    "engagement_couponseries_edit": "engagement.edit_couponseries",
    "engagement_couponseries_yaml": "engagement.view_couponseries",
    "engagement_couponseries_generate": "engagement.generate_codes",
    "engagement_couponseries_issue": "engagement.issue_coupon",
    "engagement_membership_set_tier": "engagement.set_tier",
    "engagement_note_write": "engagement.add_note",
    "engagement_pointsaccount_adjust": "engagement.adjust_points",
    "engagement_pointsadjustment_decide": "engagement.adjust_points",
    "engagement_pointsentry_take_back": "engagement.adjust_points",
    "engagement_program_discard": "engagement.edit_program",
    "engagement_program_publish": "engagement.edit_program",
    "engagement_program_rehearse": "engagement.edit_program",
    "engagement_program_remove_rule": "engagement.edit_program",
    "engagement_program_rule": "engagement.edit_program",
    "engagement_program_rules": "engagement.edit_program",
    "engagement_program_settings": "engagement.edit_program",
    "engagement_program_tiers": "engagement.edit_program",
    "engagement_program_yaml": "engagement.edit_program",
    "engagement_rehearsal_progress": "engagement.view_rehearsal",
    "engagement_program_pause_page": "engagement.pause_program",
    "organizations_importrun_progress": "organizations.view_importrun",
    "organizations_importrun_new_import": "organizations.import_files",
    "organizations_importrun_upload": "organizations.import_files",
    "organizations_importrun_sample": "organizations.import_files",
    "organizations_importrun_stop": "organizations.import_files",
    "organizations_importrun_continue": "organizations.import_files",
    "organizations_importrun_rejected": "organizations.import_files",
    "organizations_importrun_undo": "organizations.import_files",
    "organizations_uploadedfile_changelist": "organizations.import_files",
    "organizations_uploadedfile_change": "organizations.import_files",
    "organizations_uploadedfile_history": "organizations.import_files",
    "organizations_uploadedfile_columns": "organizations.import_files",
    "organizations_uploadedfile_progress": "organizations.import_files",
    "organizations_uploadedfile_start": "organizations.import_files",
    "organizations_uploadedfile_discard": "organizations.import_files",
    "organizations_uploadedfile_rejected": "organizations.import_files",
    "organizations_organization_yaml": "organizations.view_organization",
    "organizations_till_set_password": "organizations.change_till",
    "organizations_apiclient_set_secret": "organizations.change_apiclient",
    "organizations_staffmember_reset_two_step": "organizations.change_staffmember",
    "organizations_staffmember_set_password": "organizations.change_staffmember",
    "referrals_referralcampaign_add": "referrals.edit_referralcampaign",
    "referrals_referralcampaign_edit": "referrals.edit_referralcampaign",
    "referrals_referralcampaign_yaml": "referrals.view_referralcampaign",
    "referrals_reward_decide": "referrals.decide_reward",
    "subscriptions_consentchange_decide": "subscriptions.change_consent",
    "webhooks_delivery_replay_page": "webhooks.replay_delivery",
    "webhooks_endpoint_pause_page": "webhooks.change_endpoint",
    "webhooks_endpoint_retire": "webhooks.change_endpoint",
    "webhooks_endpoint_rotate": "webhooks.change_endpoint",
    "webhooks_endpoint_send_test": "webhooks.change_endpoint",
    "tickets_ticket_change_page": "tickets.change_ticket",
    "tickets_ticket_comment": "tickets.change_ticket",
    "tickets_ticket_give_coupon": "engagement.issue_coupon",
    "tickets_ticket_give_points": "engagement.adjust_points",
    "tickets_ticket_link": "tickets.change_ticket",
    "tickets_ticket_open": "tickets.change_ticket",
    "tickets_ticket_reopen": "tickets.change_ticket",
}
# Permissions of the actions of lists, by the name of the action; "change": to change the model's rows.
ACTIONS: Final[Mapping[str, str]] = {
    "activate": "change",
    "deactivate": "change",
    "pause": "engagement.pause_program",
    "resume": "engagement.pause_program",
    "try_again": "engagement.retry_deferredevent",
    "replay": "webhooks.replay_delivery",
}
# Pages that belong to no model and show no rows but those of the start page. The unnamed one answers 404.
SITE_PAGES: Final = {
    "index", "login", "logout", "password_change", "password_change_done", "jsi18n", "app_list", "search", None,
}  # fmt: skip
# Parts of addresses beside the ids of rows, with values to try.
PARTS: Final[Mapping[str, Sequence[str]]] = {
    "verb": ("approve", "reject"),
    "slug": ("customers",),
    "part": ("earning",),
    "position": ("0",),
}
_OF_DJANGO: Final = {"changelist": "view", "add": "add", "change": "view", "history": "view", "delete": "delete"}


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a model. `parts` are the names of the parts of its address."""

    name: str
    model: type[Model]
    parts: tuple[str, ...]

    @property
    def noun(self) -> str:
        """The model's name in permissions."""
        return str(self.model._meta.model_name)

    @property
    def permission(self) -> str:
        """The permission that the page needs; "" for pages that add rows which nobody adds by hand."""
        app = self.model._meta.app_label
        action = self.name.removeprefix(f"{app}_{self.noun}_")
        if self.name not in PERMISSIONS and action == "add" and isinstance(admin.site._registry[self.model], ReadOnlyAdmin):
            return ""
        return PERMISSIONS[self.name] if self.name in PERMISSIONS else f"{app}.{_OF_DJANGO[action]}_{self.noun}"

    @property
    def row_model(self) -> type[Model] | None:
        """The model of the row that the page is about; None for lists and pages that add."""
        return Customer if "customer_id" in self.parts else self.model if "object_id" in self.parts else None

    def addresses(self, place: Place, *, victim: Customer | None = None) -> list[str]:
        """The addresses of the page for the rows of a place. `victim` is a second customer."""
        ids = {
            "object_id": place.rows[self.model].pk,
            "customer_id": place.customer.pk,
            "victim_id": (victim or place.twin).pk,
            "identifier_id": place.inherited.pk,
        }
        values = [[ids[part]] if part in ids else PARTS[part] for part in self.parts]
        return [self.address(**dict(zip(self.parts, chosen, strict=True))) for chosen in product(*values)]

    def address(self, **parts: Any) -> str:
        """The address with these parts."""
        return reverse(f"admin:{self.name}", kwargs=parts)


def all_pages() -> list[Page]:
    """The pages of every registered model. Fails for an address that is in no list of this module."""
    pages = []
    for model, model_admin in admin.site._registry.items():
        default = {f"{model._meta.app_label}_{model._meta.model_name}_{action}" for action in _OF_DJANGO}
        for pattern in model_admin.get_urls():
            if pattern.name is None:
                # Django's redirect from an address without the last part.
                assert str(pattern.pattern) == "<path:object_id>/"
                continue
            assert pattern.name in default or pattern.name in PERMISSIONS, f"Name the permission of {pattern.name} here."
            unknown = set(pattern.pattern.converters) - {"object_id", "customer_id", "victim_id", "identifier_id", *PARTS}
            assert not unknown, f"Add values of {unknown} to PARTS."
            pages.append(Page(pattern.name, model, tuple(pattern.pattern.converters)))
    return pages


def site_pages() -> set[str | None]:
    """The names of the pages that belong to no model."""
    patterns: Iterator[URLPattern | URLResolver] = iter(admin.site.get_urls())
    return {pattern.name for pattern in patterns if isinstance(pattern, URLPattern)}


def all_actions() -> dict[type[Model], list[str]]:
    """The names of the actions of each list. Fails for an action that is not in ACTIONS."""
    request = RequestFactory().get("/admin/")
    request.user = StaffMember(is_superuser=True, is_active=True, username="operator")
    actions = {model: list(model_admin.get_actions(request)) for model, model_admin in admin.site._registry.items()}
    for model, names in actions.items():
        unknown = set(names) - set(ACTIONS)
        assert not unknown, f"Add the permission of {unknown} of {model.__name__} to ACTIONS."
        submit: Any = admin.site._registry[model]
        assert not submit.actions_submit_line, f"{model.__name__} has buttons that the tests do not press."
    return {model: names for model, names in actions.items() if names}
