"""Loads the context in which items are read: the organization's fields, and the tills, stores and accounts they name."""

from collections.abc import Iterable, Mapping, Sequence

from customers.registration.input import TILL_CODE_LENGTH, InputContext
from loyalty_project import clock
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.values import Item, has_unusable_text
from organizations.audit.actors import Actor
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store, Till
from organizations.source_accounts.models import SourceAccount


def load_input_context(
    items: Iterable[Item], *, by: Actor, country_code: str = "", notices: Sequence[Notice] = ()
) -> InputContext:
    """The context of these items, in one query, and one more each for tills, stores and accounts if items name any.

    `notices` are warnings about the call, repeated with every item.
    """
    items = [item for item in items if isinstance(item, dict)]
    return InputContext(
        organization=by.organization,
        policy=by.organization.policy,
        now=clock.now(),
        fields=list(FieldDefinition.objects.filter(category__in=["custom", "extended", "preference"])),
        tills=_tills(_named(items, "registered_till", "associated_with")),
        stores=_stores(_named(items, "preferred_store")),
        source_accounts=_source_accounts(_named(items, "accountId", "account_id")),
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


def _source_accounts(accounts: set[str]) -> frozenset[tuple[str, str]]:
    if not accounts:
        return frozenset()
    known = SourceAccount.objects.filter(account__in=accounts, is_active=True)
    return frozenset(known.values_list("source", "account"))
