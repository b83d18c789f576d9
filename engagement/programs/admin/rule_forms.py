"""Forms of a program's rules. They change its draft, which is checked like the organization file; nothing is in force yet."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from engagement.programs.admin.rule_wording import wording_of
from engagement.programs.file_schema import OCCASION, PROGRAM, RULE, TIER, TRACKER
from engagement.programs.models import Program
from engagement.rehearsal.services import MOST_DAYS, USUAL_DAYS
from organizations.audit.actors import Actor
from organizations.back_office.file_forms import FileForm, Groups, SchemaForm
from organizations.back_office.forms import ActionForm, WholeNumberField
from organizations.back_office.schema_forms import document_of, fields_of, initial_of
from organizations.organization_file.problems import Problem
from organizations.organization_file.schema import ListOf, Struct, Variants, optional
from use_cases.drafts import RULE_KEYS, UnseenDraftError, keep_draft, mark_of, replace_draft

Rules = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A list of rules of a program: the schema of one of them, its name in a title, and the groups of its form by path."""

    name: str
    struct: Struct | Variants
    noun: str
    groups: Groups


PARTS: Final[Mapping[str, Part]] = {
    part.name: part
    for part in (
        Part(
            name="earning",
            struct=RULE,
            noun="earning rule",
            groups={
                "Rule": ("name",),
                "What it gives (one of these ways)": ("award",),
                "How long the points last": ("expiry", "delay_days", "kind"),
                "When it applies (blank: always)": ("when",),
                "Limits": ("max_points*", "group"),
            },
        ),
        Part(
            name="occasions",
            struct=OCCASION,
            noun="occasion",
            groups={"Occasion": ("name", "on", "fields", "award"), "How long the points last": ("expiry",)},
        ),
        Part(
            name="tiers",
            struct=TIER,
            noun="tier",
            groups={
                "Tier": ("name", "description"),
                "How it is reached": ("upgrade",),
                "How long it lasts": ("validity*", "grace_days", "downgrade_to"),
                "How it is kept": ("renew",),
                "What it brings": ("on_entry",),
            },
        ),
        Part(name="trackers", struct=TRACKER, noun="tracker", groups={"Tracker": ("*",)}),
    )
}
SETTINGS: Final = Struct(
    {
        name: PROGRAM.keys[name]
        for name in (
            "points_to_currency",
            "precision",
            "enrolment",
            "redemption",
            "returns",
            "keeps_points_alive",
            "expiry_notice_days",
            "birthday_field",
        )
    }
)
_SETTINGS_GROUPS: Final[Groups] = {
    "Points": ("points_to_currency", "precision"),
    "Joining": ("enrolment",),
    "Redemption": ("redemption",),
    "Returns": ("returns",),
    "Expiry and birthdays": ("keeps_points_alive", "expiry_notice_days", "birthday_field"),
}
_TIER_TABLE: Final = Struct({"tiers": optional(ListOf(TIER, key=("name",)), [])})
# What the table has columns for; the rest of a tier keeps its value, and has a form of its own.
TIER_COLUMNS: Final[Mapping[str, str]] = {
    "name": "Tier",
    "upgrade.based_on": "Reached by",
    "upgrade.threshold": "At least",
    "validity_months": "Months",
    "downgrade_to": "Not renewed",
    "on_entry.points": "Gift points",
}
_NOT_IN_TABLE: Final = frozenset(
    {
        "tiers.description", "tiers.upgrade.tracker", "tiers.upgrade.match", "tiers.upgrade.conditions", "tiers.validity",
        "tiers.renew", "tiers.grace_days", "tiers.on_entry.expiry", "tiers.on_entry.coupon_series",
    }
)  # fmt: skip


class DraftForm(FileForm):
    """A form that changes these keys of the draft of a program."""

    refusals = (UnseenDraftError,)
    keys: Collection[str]

    def __init__(self, *args: Any, program: Program, rules: Rules, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.program, self.rules, self.by = program, rules, by
        self.state = mark_of(rules, self.keys)

    def keep(self, changes: Mapping[str, Any]) -> None:
        """Lay the changes of the keys over the draft."""
        keep_draft(self.program, changes, seen=self.of, by=self.by)


class _SchemaForm(SchemaForm, DraftForm):
    """A form of the draft made from a schema."""

    def make_rule_fields(self, struct: Struct | Variants, value: Rules, groups: Groups) -> None:
        """Make the fields of `struct` with the values of `value`, in the words of rules."""
        self.make_fields(struct, value, groups=groups, wording=wording_of(self.rules))


class RuleForm(_SchemaForm):
    """One rule of a part: a new one with `position` None, else the one at the position (from 0)."""

    def __init__(self, *args: Any, part: Part, position: int | None, **kwargs: Any) -> None:
        self.part, self.position, self.keys = part, position, (part.name,)
        super().__init__(*args, **kwargs)
        self.rows = list(self.rules.get(part.name, ()))
        self.make_rule_fields(part.struct, self.rows[position] if position is not None else {}, part.groups)

    def change(self) -> None:
        rows = list(self.rows)
        if self.position is None:
            rows.append(self.typed())
        else:
            rows[self.position] = self.typed()
        self.keep({self.part.name: rows})

    def path_of(self, problem: Problem) -> str:
        number = len(self.rows) if self.position is None else self.position
        return problem.path.removeprefix(f"{self.part.name}[{number}].")


class SettingsForm(_SchemaForm):
    """What a program says beside its rules: what a point is worth, joining, redemption, returns."""

    keys = tuple(SETTINGS.keys)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.make_rule_fields(
            SETTINGS, {name: self.rules[name] for name in SETTINGS.keys if name in self.rules}, _SETTINGS_GROUPS
        )

    def change(self) -> None:
        typed = self.typed()
        self.keep({name: typed.get(name) for name in SETTINGS.keys})


class TierTableForm(DraftForm):
    """All tiers as rows of a table, lowest first. A row without a name is removed."""

    keys = ("tiers",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wording = wording_of(self.rules)
        self.wording = type(wording)(
            labels={f"tiers.{path}": title for path, title in TIER_COLUMNS.items()},
            words=wording.words,
            choices={},
            helps={},
            hidden=_NOT_IN_TABLE,
        )
        self.value = {"tiers": list(self.rules.get("tiers", ()))}
        self.fields.update(fields_of(_TIER_TABLE, self.value, self.wording))
        self.initial = {**initial_of(_TIER_TABLE, self.value), **self.initial}
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = f"{field.label} of row {int(name.partition('[')[2].partition(']')[0]) + 1}"

    @property
    def table_rows(self) -> list[list[forms.BoundField]]:
        """The fields of each row, in the order of the columns."""
        return [[self[f"tiers[{number}].{path}"] for path in TIER_COLUMNS] for number in range(len(self.value["tiers"]) + 1)]

    @property
    def columns(self) -> list[str]:
        """The titles of the columns."""
        return list(TIER_COLUMNS.values())

    def change(self) -> None:
        typed = document_of(_TIER_TABLE, self.cleaned_data, self.value, self.wording).get("tiers", [])
        self.keep({"tiers": [row for row in typed if row.get("name")]})


class YamlForm(DraftForm):
    """All rules as text of the organization file."""

    keys = RULE_KEYS

    text = forms.CharField(
        label="Rules",
        strip=False,
        max_length=200_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 30, "class": "bo-yaml", "spellcheck": "false"}),
        help_text="As in the organization file. What is not in the text is not in force by the draft.",
    )

    def change(self) -> None:
        replace_draft(self.program, self.cleaned_data["text"].encode(), seen=self.of, by=self.by)


class RehearseForm(ActionForm):
    """For how many days a draft is tried."""

    days = WholeNumberField(
        label="Bills of the last so many days",
        min_value=1,
        max_value=MOST_DAYS,
        initial=USUAL_DAYS,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
    )
