"""Scopes of organizations: tenant rows can be read only inside the scope of one organization; outside, access raises.

The scope is a context variable. An API call enters it when its credential is verified, a command by the organization's code,
the back office by the member of staff. `unscoped(reason)` lifts the rule for the few modules that work across organizations;
a test keeps their list (docs/architecture.md, Tenants).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeVar

from django.db import models

if TYPE_CHECKING:
    from organizations.tenancy.models import Organization

_EVERYTHING: Final = "everything"
_scope: ContextVar[int | str | None] = ContextVar("organization_scope", default=None)
Row = TypeVar("Row", bound=models.Model)


class OutsideScopeError(RuntimeError):
    """Tenant rows were accessed outside an organization's scope: a bug."""


@contextmanager
def organization_scope(organization: "Organization | int") -> Iterator[None]:
    """Inside: tenant rows are those of this organization (given as the row or its id)."""
    token = _scope.set(organization if isinstance(organization, int) else organization.pk)
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def unscoped(reason: str) -> Iterator[None]:
    """Inside: tenant rows of every organization. `reason` explains to readers why that is right."""
    if not reason:
        raise ValueError("unscoped() needs a reason")
    token = _scope.set(_EVERYTHING)
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def no_scope() -> Iterator[None]:
    """Inside: no scope, until one is entered. The start of a request is wrapped in it, so that threads inherit nothing."""
    token = _scope.set(None)
    try:
        yield
    finally:
        _scope.reset(token)


def enter_scope(organization: "Organization | int") -> None:
    """Switch to this organization's scope until the surrounding `no_scope()` ends (used once a credential is verified)."""
    _scope.set(organization if isinstance(organization, int) else organization.pk)


def scope_organization() -> int:
    """The id of the scope's organization. Raises `OutsideScopeError` outside of the scope of one organization."""
    scope = _scope.get()
    if not isinstance(scope, int):
        raise OutsideScopeError("a statement outside of an organization's scope")
    return scope


def spans_organizations() -> bool:
    """True inside `unscoped`."""
    return _scope.get() == _EVERYTHING


class TenantManager(models.Manager[Row]):
    """Manager of the rows of the scope's organization; raises `OutsideScopeError` without a scope."""

    def get_queryset(self) -> models.QuerySet[Row]:
        scope = _scope.get()
        if scope is None:
            raise OutsideScopeError(f"{self.model.__name__} outside of an organization's scope")
        rows = super().get_queryset()
        return rows if scope == _EVERYTHING else rows.filter(organization_id=scope)


class TenantModel(models.Model):
    """A row that belongs to one organization."""

    organization: models.ForeignKey[Any, Any] = models.ForeignKey(
        "organizations.Organization", on_delete=models.PROTECT, related_name="+"
    )

    objects = TenantManager()

    class Meta:
        abstract = True
