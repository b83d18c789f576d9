"""Customers: the list, and the page of one with everything that belongs to the customer."""

from collections.abc import Sequence
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext

from customers.back_office import CustomerHistoryAdmin
from customers.erasure.admin import ErasureActions
from customers.identifiers.models import Identifier
from customers.identity_requests.admin.actions import report_request
from customers.merging.admin.actions import MergeActions
from customers.profile.admin.form import customer_form
from customers.profile.admin.form_fields import CATEGORIES, FormOptions, customer_fieldsets
from customers.profile.admin.list import CustomerListAdmin, initials
from customers.profile.admin.page import banners_of, facts_of, profile_tables
from customers.profile.admin.reveal import RevealActions, masking_of
from customers.profile.admin.sign_up import sign_up_fieldsets, sign_up_form
from customers.profile.history import entries_about
from customers.profile.models import Customer
from customers.statuses.admin.actions import StatusActions, may_set_status
from customers.statuses.rules import label_of
from organizations.audit.models import AuditEntry
from organizations.back_office.base import rendered
from organizations.back_office.buttons import Button, button
from organizations.back_office.current_user import actor_of, in_own_stores, member_of, organization_of, own_stores
from organizations.back_office.pages import page_of, row_view
from organizations.back_office.refusals import notice_sentence
from organizations.card_series.models import CardSeries
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store, Till
from organizations.staff.sight import sees_person
from organizations.tenancy.models import Organization
from use_cases.admin.customer_actions import CustomerActions
from use_cases.corrections import Correction
from use_cases.customer_buttons import buttons_needed_less_often, customer_buttons
from use_cases.customer_page import panels_of, read_customer_page, settle_customer
from use_cases.customer_timeline import PROFILE, read_timeline
from use_cases.sign_up import CONSENT_PERMISSION, CONSENTS

_OPTIONS: Final = "_customer_form_options"
_FIELDS: Final = "_customer_fields"
_REQUESTED_ONLY: Final = "_customer_requests_only"
# Pages that are needed less often, in the order of their buttons.
MORE_PAGES: Final = tuple(
    f"customers_customer_{name}" for name in ("set_status", "issue_code", "remove_value", "export_person", "erase")
)


@admin.register(Customer)
class CustomerAdmin(  # type: ignore[misc]  # stubs and Unfold disagree on what bases share
    CustomerListAdmin, CustomerHistoryAdmin, CustomerActions, MergeActions, StatusActions, ErasureActions, RevealActions
):
    """Customers. Adding and changing use the registration use case, like the calls of tills."""

    store_path = "registered_store"
    related = ("registered_store", "status_label")
    actions = ()
    actions_detail: Sequence[str] = (
        *MergeActions.actions_detail, *StatusActions.actions_detail, *ErasureActions.actions_detail,
    )  # fmt: skip
    add_form_template = "back_office/sign_up.html"
    change_form_outer_before_template = "back_office/customer_form_header.html"  # type: ignore[assignment]  # see the base class

    # --- the form

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: ARG002, FBT001, FBT002 - Django's signature
        options = self._form_options(request)
        return sign_up_form(options) if obj is None else customer_form(options)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return []
        options = self._form_options(request)
        return sign_up_fieldsets(options) if obj is None else customer_fieldsets(options)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002 - Django's signature
        return ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:  # noqa: ARG002 - Django's signature
        """Report the identity requests and warnings of the use case, which has saved everything."""
        correction: Correction | None = form.correction
        if correction is None:
            return
        for notice in correction.notices:
            messages.warning(request, notice_sentence(notice))
        for identity_request in correction.requests:
            report_request(request, identity_request)
        setattr(request, _REQUESTED_ONLY, not correction.is_stored)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Lead to the page of the new customer, or to an empty form for the next one."""
        if "_addanother" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        messages.success(request, gettext("%(obj)s is signed up.") % {"obj": obj})
        return HttpResponseRedirect(page_of(obj))

    def message_user(self, request: HttpRequest, message: Any, *args: Any, **kwargs: Any) -> None:
        """Show Django's message that the customer was changed, unless only requests were made, which are reported."""
        if not getattr(request, _REQUESTED_ONLY, False):
            super().message_user(request, message, *args, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Do nothing: the registration use case has saved everything, the audit included."""

    def _form_options(self, request: HttpRequest) -> FormOptions:
        """What the form needs to know, read once per page."""
        known: FormOptions | None = getattr(request, _OPTIONS, None)
        organization = organization_of(request)
        if known is not None and known.organization == organization:
            return known
        assert organization is not None  # noqa: S101 - the base class asks for one before any form
        stores, tills = Store.objects.filter(is_active=True), Till.objects.filter(is_active=True)
        options = FormOptions(
            organization=organization,
            actor=actor_of(request, organization),
            fields=[definition for definition in _definitions(request) if definition.is_active],
            stores=list(in_own_stores(stores, request, "pk").order_by("name")),
            tills=list(in_own_stores(tills, request, "store").select_related("store").order_by("code")),
            series=list(CardSeries.objects.filter(is_active=True, generates=True)),
            visible=self.get_queryset(request),
            needs_store=bool(own_stores(request)),
            may_set_fraud=may_set_status(request) and not organization.policy.lifecycle_status,
            may_request=self.has_request_permission(request),
            consents=list(CONSENTS.items()) if member_of(request).has_perm(CONSENT_PERMISSION) else [],
        )
        setattr(request, _OPTIONS, options)
        return options

    # --- the page of one

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path(f"<int:object_id>/{name}/", self.admin_site.admin_view(view), name=f"customers_customer_{name}")
            for name, view in (("edit", self.edit_view), ("timeline", self.timeline_view))
        ]
        return [*pages, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """The page of a customer, which is no form: `edit_view` is."""
        answer: HttpResponse = self.show_customer(request, object_id)
        return answer

    @row_view("view")
    def show_customer(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The first screen and a page of the timeline."""
        if request.method == "POST":
            return HttpResponseNotAllowed(["GET"])
        organization = self.organization_behind(customer)
        page = read_customer_page(customer, organization=organization, seen_by=member_of(request))
        programs = page.programs or ()
        return self.answer_page(
            request,
            "back_office/customer.html",
            title=str(customer),
            original=customer,
            page=page,
            masking=masking_of(request, customer),
            banners=banners_of(customer, organization.policy),
            inherited=list(Identifier.objects.filter(customer=customer, state=Identifier.State.MERGED)),
            identifiers=list(customer.identifiers.all()),
            initials=initials(customer),
            label=label_of(customer, organization.policy),
            may_edit=customer.is_current and self.has_change_permission(request, customer),
            may_open_tickets=customer.is_current and member_of(request).has_perm("tickets.change_ticket"),
            buttons=customer_buttons(request, customer, programs, organization=organization),
            more=[
                *buttons_needed_less_often(request, customer, programs, organization=organization),
                *self._more_buttons(request, customer),
            ],
            **self._timeline_context(request, customer, organization),
        )

    @row_view("view")
    def timeline_view(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """A page of the timeline alone, for scripts. What is due is settled first, as on the whole page."""
        organization = self.organization_behind(customer)
        settle_customer(customer, organization=organization)
        context = self._timeline_context(request, customer, organization)
        return rendered(TemplateResponse(request, "back_office/_customer_timeline.html", {"original": customer, **context}))

    def _timeline_context(self, request: HttpRequest, customer: Customer, organization: Organization) -> dict[str, Any]:
        user = member_of(request)
        timeline = read_timeline(
            customer,
            tab=request.GET.get("tab", ""),
            before=request.GET.get("before", ""),
            currency=organization.currency,
            seen_by=user,
        )
        context: dict[str, Any] = {"timeline": timeline, "currency": organization.currency}
        if timeline.tab.name == PROFILE:
            tables = [*profile_tables(customer, user=user), *panels_of(customer, organization=organization, seen_by=user)]
            context |= {"facts": facts_of(customer, _definitions(request), organization.policy), "tables": tables}
            context["image_url"] = customer.image_url if sees_person(customer.pk) else ""
        return context

    def _more_buttons(self, request: HttpRequest, customer: Customer) -> list[Button]:
        """The pages about a customer that are needed less often."""
        actions = self.get_actions_detail(request, customer.pk)
        named = {action.action_name: action for action in actions}
        shown = [named[name] for name in MORE_PAGES if name in named]
        buttons = [button(str(action.description), str(action.icon), action.action_name, customer.pk) for action in shown]
        history = button("History", "history", "customers_customer_history", customer.pk, is_dialog=False)
        return [*buttons, history]

    # --- its form

    def edit_view(self, request: HttpRequest, object_id: int) -> Any:
        """The form of a customer."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        return self.changeform_view(request, str(object_id))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        # The pages of actions are reached from the customer's page; saving leads back there.
        context.update(show_save_and_continue=False, show_save_and_add_another=False, actions_detail=[])
        return super().render_change_form(request, context, *args, **kwargs)

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:  # noqa: ARG002 - Django's signature
        return HttpResponseRedirect(page_of(obj))

    def history_of(self, row: Customer) -> QuerySet[AuditEntry]:
        """The audit entries about the customer and the customer's cards."""
        return entries_about(row)


def _definitions(request: HttpRequest) -> list[FieldDefinition]:
    """All fields of customers, inactive ones included, read once per page."""
    known: list[FieldDefinition] | None = getattr(request, _FIELDS, None)
    if known is None:
        known = list(FieldDefinition.objects.filter(category__in=CATEGORIES))
        setattr(request, _FIELDS, known)
    return known
