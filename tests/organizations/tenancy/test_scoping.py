import ast
from pathlib import Path
from threading import Thread

import pytest
from django.apps import apps
from django.conf import settings

from organizations.locations.models import Store
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import (
    OutsideScopeError,
    TenantManager,
    TenantModel,
    enter_scope,
    no_scope,
    organization_scope,
    unscoped,
)
from tests.factories.locations import StoreFactory
from tests.factories.organizations import OrganizationFactory

Pair = tuple[Organization, Organization]
# Modules that may look at every tenant: each by its nature (docs/architecture.md, Tenants). The reason is given there.
UNSCOPED_MODULES = {
    "organizations/back_office/middleware.py",
    "organizations/organization_file/loading.py",
}


@pytest.fixture
def two(db: None) -> Pair:
    """Two organizations with one store each."""
    with unscoped("tests make their rows"):
        pair = OrganizationFactory(code="northwind", with_program=True), OrganizationFactory(code="bazaar", with_program=True)
        for organization in pair:
            StoreFactory(organization=organization, code=f"{organization.code}.main")
    return pair


def codes() -> list[str]:
    return sorted(Store.objects.values_list("code", flat=True))


def test_outside_of_a_scope_tenant_rows_raise(two: Pair) -> None:
    for touch in (Store.objects.all, Store.objects.count, lambda: Store.objects.filter(code="x"), Store.objects.first):
        with pytest.raises(OutsideScopeError, match=r"^Store outside of an organization's scope$"):
            touch()


def test_inside_a_scope_only_its_own_rows_are_there(two: Pair) -> None:
    northwind, bazaar = two
    with organization_scope(northwind):
        assert codes() == ["northwind.main"]
        assert not Store.objects.filter(organization=bazaar).exists()
        assert Store.objects.filter(code="bazaar.main").update(name="Taken") == 0
    with organization_scope(bazaar.pk):
        assert codes() == ["bazaar.main"]


def test_scopes_nest_and_end_where_they_began(two: Pair) -> None:
    northwind, bazaar = two
    with organization_scope(northwind):
        with organization_scope(bazaar):
            assert codes() == ["bazaar.main"]
        assert codes() == ["northwind.main"]
        with pytest.raises(ZeroDivisionError), organization_scope(bazaar):
            _ = 1 / 0
        assert codes() == ["northwind.main"]
    with pytest.raises(OutsideScopeError):
        codes()


def test_unscoped_sees_every_organization_and_wants_a_reason(two: Pair) -> None:
    with unscoped("a test looks at both"):
        assert codes() == ["bazaar.main", "northwind.main"]
    with pytest.raises(ValueError, match="needs a reason"), unscoped(""):
        pass


def test_no_scope_hides_the_surrounding_one_until_one_is_entered(two: Pair) -> None:
    northwind, bazaar = two
    with organization_scope(northwind):
        with no_scope():
            with pytest.raises(OutsideScopeError):
                codes()
            enter_scope(bazaar)
            assert codes() == ["bazaar.main"]
            enter_scope(northwind.pk)
            assert codes() == ["northwind.main"]
        assert codes() == ["northwind.main"]


def test_another_thread_has_no_scope(two: Pair) -> None:
    seen: list[Exception] = []

    def look() -> None:
        try:
            Store.objects.all()
        except OutsideScopeError as error:
            seen.append(error)

    with organization_scope(two[0]):
        thread = Thread(target=look)
        thread.start()
        thread.join()
    assert len(seen) == 1


def test_reverse_relations_are_scoped_too(two: Pair) -> None:
    northwind, bazaar = two
    with unscoped("a test takes a row of another organization"):
        store = Store.objects.get(code="bazaar.main")
        store.tills.create(organization=bazaar, code="bazaar.till1", name="Till")
    with organization_scope(northwind):
        assert store.tills.count() == 0
    with pytest.raises(OutsideScopeError):
        store.tills.count()


def test_every_tenant_table_has_the_manager_that_raises() -> None:
    tenants = [model for model in apps.get_models() if issubclass(model, TenantModel)]
    assert Store in tenants
    for model in tenants:
        assert isinstance(model._default_manager, TenantManager), model


def test_every_row_that_names_an_organization_is_a_tenant_row_but_staff() -> None:
    """A member of staff may belong to nobody: an operator."""
    naming = {
        model.__name__
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.many_to_one and field.related_model is Organization and not issubclass(model, TenantModel)
    }
    assert naming == {"StaffMember"}


def test_only_the_listed_modules_lift_the_scope() -> None:
    root = Path(settings.BASE_DIR)
    modules: set[str] = set()
    for path in [
        path
        for folder in ("organizations", "customers", "engagement", "subscriptions", "tickets", "loyalty_project")
        for path in (root / folder).rglob("*.py")
    ]:
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        if any(isinstance(call.func, ast.Name) and call.func.id == "unscoped" for call in calls):
            modules.add(str(path.relative_to(root)))
    assert modules == UNSCOPED_MODULES
