"""Snapshots of the configuration: kept while the version stays the same, and never of another one."""

from threading import Barrier

import pytest
from django.db import transaction

from organizations import configuration
from organizations.configuration import configuration_of, current_configuration, forget_configurations
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import OutsideScopeError, no_scope, organization_scope, unscoped
from tests.factories.locations import StoreFactory, TillFactory
from tests.factories.organizations import OrganizationFactory
from tests.races import on_another_connection, race


def till_names() -> list[str]:
    return list(Till.objects.order_by("code").values_list("name", flat=True))


def till_of_code(code: str) -> Till | None:
    return Till.objects.filter(code=code).first()


def version_of(organization: Organization) -> int:
    return Organization.objects.values_list("configuration_version", flat=True).get(pk=organization.pk)


def rename_tills(name: str) -> None:
    Till.objects.update(name=name)


def test_a_snapshot_costs_nothing_while_the_version_stays(till, django_assert_num_queries):
    version = version_of(till.organization)
    with django_assert_num_queries(1):
        snapshot = configuration_of(till.organization_id, version)
    with django_assert_num_queries(0):
        assert configuration_of(till.organization_id, version) is snapshot
        assert snapshot.version == version
        assert snapshot.organization == till.organization
        assert snapshot.policy is snapshot.organization.policy
        assert snapshot.zone.key == "Asia/Kolkata"


def test_the_current_configuration_costs_one_statement(till, django_assert_num_queries):
    snapshot = current_configuration()
    with django_assert_num_queries(1):
        assert current_configuration() is snapshot


def test_a_part_is_loaded_once_for_a_version(till, django_assert_num_queries):
    snapshot = current_configuration()
    with django_assert_num_queries(2):
        assert snapshot.part(till_names) == ["MG Road till 1"]
    with django_assert_num_queries(0):
        again = configuration_of(till.organization_id, snapshot.version)
        assert again.part(till_names) is snapshot.part(till_names)


def test_a_part_with_a_key_is_loaded_once_for_each_key(till, django_assert_num_queries):
    TillFactory(store=till.store, code="mgroad.till2")
    snapshot = current_configuration()
    with django_assert_num_queries(4):
        assert snapshot.part(till_of_code, till.code) == till
        assert snapshot.part(till_of_code, "mgroad.till2") != till
    with django_assert_num_queries(0):
        assert snapshot.part(till_of_code, till.code) == till


def test_what_does_not_exist_is_not_kept(till, django_assert_num_queries):
    snapshot = current_configuration()
    assert snapshot.part(till_of_code, "nobody") is None
    with django_assert_num_queries(2):
        assert snapshot.part(till_of_code, "nobody") is None


def test_parts_are_loaded_in_the_scope_of_their_organization(till):
    snapshot = current_configuration()
    other = OrganizationFactory(code="other")
    with organization_scope(other):
        assert snapshot.part(till_names) == ["MG Road till 1"]
    with no_scope():
        assert snapshot.part(till_of_code, till.code) == till


@pytest.mark.parametrize("scope", [no_scope, lambda: unscoped("a test")])
def test_outside_of_a_scope_no_configuration_is_current(till, scope):
    with scope(), pytest.raises(OutsideScopeError):
        current_configuration()


def test_an_organization_that_does_not_exist_has_no_configuration(db):
    with organization_scope(987654321), pytest.raises(Organization.DoesNotExist):
        current_configuration()


def test_a_change_is_seen_by_who_asks_next(till):
    earlier = current_configuration()
    assert earlier.part(till_names) == ["MG Road till 1"]
    rename_tills("Renamed")
    now = current_configuration()
    assert now.version != earlier.version
    assert now.part(till_names) == ["Renamed"]
    assert earlier.part(till_names) == ["MG Road till 1"]


def test_a_part_asked_for_after_a_change_is_the_present_one_and_not_kept(till, django_assert_num_queries):
    snapshot = current_configuration()
    rename_tills("Renamed")
    with django_assert_num_queries(4):
        assert snapshot.part(till_names) == ["Renamed"]
    rename_tills("Renamed again")
    assert snapshot.part(till_names) == ["Renamed again"]


def test_a_change_while_a_part_is_loaded_loads_it_again(till):
    snapshot = current_configuration()
    names = iter(["Renamed"])

    def till_names_while_they_change() -> list[str]:
        read = till_names()
        for name in names:
            rename_tills(name)
        return read

    assert snapshot.part(till_names_while_they_change) == ["Renamed"]
    names = iter(["Renamed again"])
    assert snapshot.part(till_names_while_they_change) == ["Renamed again"]
    assert current_configuration().part(till_names_while_they_change) == ["Renamed again"]


def test_a_part_that_changes_all_the_time_is_returned_as_it_was_read_last(till):
    snapshot = current_configuration()
    loads: list[int] = []

    def load() -> int:
        loads.append(len(loads) + 1)
        rename_tills(f"Till {len(loads)}")
        return loads[-1]

    assert snapshot.part(load) == 5
    assert snapshot.part(load) == 10


def test_a_change_that_is_rolled_back_leaves_no_snapshot(till):
    before = current_configuration()
    before_names = before.part(till_names)
    with transaction.atomic():
        rename_tills("Dry run")
        assert current_configuration().part(till_names) == ["Dry run"]
        assert before.part(till_of_code, till.code).name == "Dry run"
        transaction.set_rollback(True)
    after = current_configuration()
    assert after.version == before.version
    assert after.part(till_names) == before_names == ["MG Road till 1"]
    assert after.part(till_of_code, till.code).name == before.part(till_of_code, till.code).name == "MG Road till 1"
    with transaction.atomic():
        rename_tills("Another dry run")
        assert current_configuration().part(till_names) == ["Another dry run"]
        transaction.set_rollback(True)


def test_the_large_stored_sections_are_not_kept(organization):
    assert "stored_sections" in current_configuration().organization.get_deferred_fields()


def test_the_least_recently_used_organizations_make_room(organization, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(configuration, "MOST_ORGANIZATIONS", 2)
    versions = {row.pk: version_of(row) for row in (organization, OrganizationFactory(), OrganizationFactory())}
    first, second, third = versions
    for pk in (first, second, first, third):
        configuration_of(pk, versions[pk])
    with django_assert_num_queries(0):
        configuration_of(third, versions[third])
        configuration_of(first, versions[first])
    with django_assert_num_queries(1):
        configuration_of(second, versions[second])


def test_a_snapshot_keeps_a_bounded_number_of_parts(till, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(configuration, "MOST_PARTS", 2)
    codes = [till.code, TillFactory(store=till.store).code, TillFactory(store=StoreFactory()).code]
    snapshot = current_configuration()
    for code in (*codes[:2], codes[0]):
        snapshot.part(till_of_code, code)
    snapshot.part(till_names)
    with django_assert_num_queries(0):
        snapshot.part(till_of_code, codes[1])
        snapshot.part(till_names)
    with django_assert_num_queries(2):
        snapshot.part(till_of_code, codes[0])


def test_a_process_that_forgets_reads_again(organization, django_assert_num_queries):
    version = version_of(organization)
    snapshot = configuration_of(organization.pk, version)
    forget_configurations()
    with django_assert_num_queries(1):
        assert configuration_of(organization.pk, version) is not snapshot


@pytest.mark.django_db(transaction=True)
def test_threads_that_load_a_part_at_once_share_a_snapshot(till):
    snapshot = current_configuration()
    at_once = Barrier(2)

    def load() -> list[str]:
        at_once.wait(timeout=30)
        return till_names()

    def ask() -> list[str]:
        return configuration_of(snapshot.organization.pk, snapshot.version).part(load)

    assert race([[None], [None]], lambda _: ask()) == [["MG Road till 1"]] * 2
    assert snapshot.part(load) == ["MG Road till 1"]


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_made_within_a_change_is_not_seen_before_its_end(till):
    current_configuration()
    with transaction.atomic():
        rename_tills("Renamed")
        within = current_configuration()
        assert within.part(till_names) == ["Renamed"]

        def elsewhere() -> list[str]:
            with organization_scope(till.organization_id):
                return current_configuration().part(till_names)

        assert on_another_connection(elsewhere) == ["MG Road till 1"]
    assert current_configuration().part(till_names) == ["Renamed"]
