"""Pages of rows whose terms have versions: terms in sentences, all versions, and a form of the row of the organization file.

What the form changes is shown in sentences before it is saved, by the functions of the organization file.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.decorators import display

from organizations.audit.models import AuditEntry
from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.columns import Column
from organizations.back_office.current_user import actor_of, member_of, work_for
from organizations.back_office.file_forms import Groups, RowForm
from organizations.back_office.pages import page_of, row_page, sent_values
from organizations.back_office.schema_forms import Wording
from organizations.back_office.tables import table
from organizations.organization_file.differences import differences
from organizations.organization_file.editing import Edit, EditableSection, shown_row
from organizations.organization_file.sections import as_json
from organizations.organization_file.sentences import changed_words
from organizations.organization_file.writing import write_document
from organizations.tenancy.models import Organization


def terms_column(title: str) -> Column:
    """A column of the words that describe the newest terms under that title."""

    @display(description=title)
    def column(page: "TermsPages", row: Any) -> str:
        words = page.describe(page.newest(row).terms, name=page.name_of(row), currency=page.organization_behind(row).currency)
        return words[title] or "–"

    return column  # type: ignore[no-any-return]  # Unfold's decorator is not typed


class TermsPages(ReadOnlyAdmin):
    """The base of the pages of coupon series and referral campaigns.

    `editable` describes the rows in the organization file; `groups` are those of the form. Who has `edit_permission` may add
    and change rows. `noun` is the word for one; `consequences` is what follows from new terms besides themselves.
    """

    editable: ClassVar[EditableSection]
    groups: ClassVar[Groups]
    edit_permission: ClassVar[str]
    noun: ClassVar[str]
    consequences: ClassVar[str]

    related = ("organization",)
    change_form_outer_after_template = "back_office/table_below.html"  # type: ignore[assignment]  # see the base class
    actions_detail: Sequence[str] = ("edit", "yaml")  # type: ignore[assignment]  # see the base class

    def describe(self, terms: Mapping[str, Any], *, name: str, currency: str) -> Mapping[str, str]:
        """Words for each thing that the stored terms of the row of that name say, by title."""
        raise NotImplementedError

    def describe_own(self, shown: Mapping[str, Any]) -> Mapping[str, str]:
        """Words for what a row of the file says beside its terms, by title."""
        raise NotImplementedError

    def wording(self, shown: Mapping[str, Any]) -> Wording:
        """The words of the form of a row of the file; {} for a new one."""
        raise NotImplementedError

    # --- rows

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Rows with their versions, the newest first."""
        return super().get_queryset(request).prefetch_related("versions")

    def name_of(self, row: Any) -> str:
        """The name of a row in the file."""
        return str(getattr(row, self.editable.key))

    def newest(self, row: Any) -> Any:
        """The newest version of a row."""
        return row.versions.all()[0]

    @display(description="State", label={"active": "success", "off": "danger"})
    def state_label(self, row: Any) -> str:
        """Active or off."""
        return "active" if row.is_active else "off"

    def history_of(self, row: Any) -> QuerySet[AuditEntry]:
        """The audit entries about the row and its versions."""
        versions = row.versions.model
        about = Q(object_type=row._meta.model_name, object_id=row.pk)
        about |= Q(object_type=versions._meta.model_name, object_id__in=row.versions.order_by().values("pk"))
        return AuditEntry.objects.filter(about).order_by("-id")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        versions = list(context["original"].versions.all())
        context["table"] = table(
            "Versions",
            ("Version", "Made", "Changes"),
            [
                (version.number, version.made_at, "; ".join(differences("", before.terms, version.terms)) if before else "")
                for version, before in zip(versions, [*versions[1:], None], strict=True)
            ],
        )
        return super().render_change_form(request, context, *args, **kwargs)

    # --- add and change

    def has_edit_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """True for users who may add and change rows."""
        return member_of(request).has_perm(self.edit_permission)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_edit_permission(request)

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        """The form of a new row."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        organization = self.organization_for(request, None)
        if organization is None:
            return self.answer_choice(request)
        with work_for(request, organization):
            return self._answer_form(request, None, organization)

    @row_page("Change", address="edit", icon="edit", permission="edit")
    def edit(self, request: HttpRequest, row: Any) -> HttpResponse:
        """The form of a row."""
        return self._answer_form(request, row, self.organization_behind(row))

    @row_page("As YAML", address="yaml", icon="code", permission="view")
    def yaml(self, request: HttpRequest, row: Any) -> HttpResponse:
        """The row as text of the organization file."""
        shown = shown_row(self.editable, self.name_of(row), organization=self.organization_behind(row))
        return self.answer_page(
            request,
            "back_office/yaml.html",
            title=f"As YAML: {row}",
            original=row,
            text=self._text(shown),
            intro=f"The {self.noun} as it is now, as the organization file has it.",
        )

    def _answer_form(self, request: HttpRequest, row: Any, organization: Organization) -> HttpResponse:
        name = "" if row is None else self.name_of(row)
        shown = shown_row(self.editable, name, organization=organization) if name else {}
        form = RowForm(
            request.POST or None,
            editable=self.editable,
            name=name,
            value=shown,
            groups=self.groups,
            wording=self.wording(shown),
            by=actor_of(request, organization),
        )
        back = {} if row is not None else {"back": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")}
        if "again" not in form.data and form.run() and form.edit is not None:
            return self._answer_edit(request, row, organization, form, form.edit, **back)
        return self.answer_page(
            request,
            "back_office/rule_form.html",
            title=f"Change {row}" if name else f"Add a {self.noun}",
            original=row,
            form=form,
            submit="Next: what will change",
            **back,
        )

    def _answer_edit(
        self, request: HttpRequest, row: Any, organization: Organization, form: RowForm, edit: Edit, **back: str
    ) -> HttpResponse:
        """What a sent form leads to: the page of the saved row, or the page that says what the form changes."""
        if edit.before == edit.after:
            messages.info(request, "Nothing was changed.")
            return HttpResponseRedirect(page_of(row))
        if form.is_confirmed:
            saved = self.model._default_manager.get(
                **{"organization": organization, self.editable.key: edit.after[self.editable.key]}
            )
            messages.success(request, f"Saved. Version {self.newest(saved).number} of the terms is in force.")
            return HttpResponseRedirect(page_of(saved))
        is_new_version = self._terms(edit.before) != self._terms(edit.after)
        next_version = 1 if row is None else self.newest(row).number + 1
        return self.answer_page(
            request,
            "back_office/confirm_row.html",
            title=f"What will change: {edit.after[self.editable.key]}",
            original=row,
            sentences=self._sentences(edit, organization),
            consequences=self.consequences if is_new_version and row is not None else "",
            text=self._text(edit.after),
            values=sent_values(request, without=("again",)),
            submit=f"Save as version {next_version}" if is_new_version else "Save",
            **back,
        )

    def _sentences(self, edit: Edit, organization: Organization) -> list[str]:
        before, after = (self._words(row, organization) if row else {} for row in (edit.before, edit.after))
        return changed_words(before, after)

    def _words(self, shown: Mapping[str, Any], organization: Organization) -> dict[str, str]:
        terms = as_json(self.editable.struct, shown)
        name = shown[self.editable.key]
        return {**self.describe_own(shown), **self.describe(terms, name=name, currency=organization.currency)}

    def _terms(self, shown: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in shown.items() if key not in self.editable.own_keys}

    def _text(self, shown: Mapping[str, Any]) -> str:
        return write_document({self.editable.section.name: [shown]})
