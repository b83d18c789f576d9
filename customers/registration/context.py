"""Context in which items are read: the organization, the call, and the fields, tills, stores and accounts that items name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from customers.profile.text import fold, fold_given
from loyalty_project import clock
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.values import Item, has_unusable_text
from organizations.audit.actors import Actor
from organizations.card_series.models import CardSeries
from organizations.configuration import Configuration, current_configuration
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store, Till
from organizations.policies import Policy
from organizations.source_accounts.models import SourceAccount
from organizations.tenancy.models import Organization

Category = FieldDefinition.Category
TILL_CODE_LENGTH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class InputContext:
    """The organization and the call, as far as reading an item needs them.

    `tills` and `stores` have those that the items name, `source_accounts` all, `card_series` those that numbers may be
    generated in. `country_code` is the request's dial code.
    """

    organization: Organization
    policy: Policy
    now: datetime
    fields: Sequence[FieldDefinition]
    tills: Mapping[str, Till] = field(default_factory=dict)
    stores: Mapping[str, Store] = field(default_factory=dict)
    source_accounts: frozenset[tuple[str, str]] = frozenset()
    card_series: Mapping[str, CardSeries] = field(default_factory=dict)
    till: Till | None = None
    store: Store | None = None
    country_code: str = ""
    notices: Sequence[Notice] = ()
    _exact: dict[tuple[str, str], FieldDefinition] = field(default_factory=dict, init=False, repr=False, compare=False)
    _folded: dict[tuple[str, str | None], FieldDefinition] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the active fields by name, so that an item of many fields costs no search for each."""
        for definition in self.fields:
            if definition.is_active:
                self._exact.setdefault((definition.category, definition.name), definition)
                self._folded.setdefault((definition.category, fold(definition.name)), definition)

    def at(self, *, till: Till | None, store: Store | None) -> "InputContext":
        """The same at another till."""
        return self if (till, store) == (self.till, self.store) else replace(self, till=till, store=store)

    def field_named(self, category: str, name: str) -> FieldDefinition | None:
        """The active field of that name; case is ignored unless a field has the exact name."""
        return self._exact.get((category, name)) or self._folded.get((category, fold_given(name)))

    @property
    def field_columns(self) -> list[str]:
        """The columns of active fields in files: `custom.<name>` and so on."""
        return [f"{category}.{name}" for category, name in self._exact]

    @property
    def gender_field(self) -> FieldDefinition | None:
        """The field that holds `gender`, custom before extended."""
        name = self.organization.gender_field or self.policy.gender_field
        if not name:
            return None
        return self.field_named(Category.CUSTOM, name) or self.field_named(Category.EXTENDED, name)


def load_input_context(
    items: Iterable[Item],
    *,
    by: Actor,
    configuration: Configuration | None = None,
    country_code: str = "",
    notices: Sequence[Notice] = (),
) -> InputContext:
    """The context of these items: no query, but one each for tills and stores if items name any.

    Outside of calls the `configuration` is the present one, at the cost of a statement. `notices` are warnings about the call,
    repeated with every item.
    """
    items = [item for item in items if isinstance(item, dict)]
    configuration = configuration or current_configuration()
    return InputContext(
        organization=by.organization,
        policy=by.organization.policy,
        now=clock.now(),
        fields=configuration.part(load_customer_fields),
        tills=_tills(_named(items, "registered_till", "associated_with")),
        stores=_stores(_named(items, "preferred_store")),
        source_accounts=configuration.part(load_source_accounts),
        card_series=configuration.part(load_generated_series),
        till=by.till,
        store=by.store,
        country_code=country_code,
        notices=notices,
    )


def _named(items: Iterable[Item], *keys: str) -> set[str]:
    values = (item.get(key) for item in items for key in keys)
    names = {value.strip() for value in values if isinstance(value, str) and not has_unusable_text(value)}
    return {name for name in names if name and len(name) <= TILL_CODE_LENGTH}


def _tills(codes: set[str]) -> Mapping[str, Till]:
    if not codes:
        return {}
    tills = Till.objects.filter(code__in=codes, is_active=True).select_related("store")
    return {till.code: till for till in tills}


def _stores(codes: set[str]) -> Mapping[str, Store]:
    if not codes:
        return {}
    return {store.code: store for store in Store.objects.filter(code__in=codes, is_active=True)}


def load_customer_fields() -> Sequence[FieldDefinition]:
    """The fields of customers, active or not: a part of the configuration."""
    return tuple(FieldDefinition.objects.filter(category__in=["custom", "extended", "preference"]))


def load_source_accounts() -> frozenset[tuple[str, str]]:
    """Source and name of every active account: a part of the configuration."""
    return frozenset(SourceAccount.objects.filter(is_active=True).values_list("source", "account"))


def load_generated_series() -> Mapping[str, CardSeries]:
    """Active card series whose numbers are generated, by code: a part of the configuration."""
    return {series.code: series for series in CardSeries.objects.filter(is_active=True, generates=True)}
