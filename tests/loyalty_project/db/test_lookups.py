"""Looking up by many values at once."""

import pytest
from django.db.models import CharField

from loyalty_project.db.lookups import is_any_of
from organizations.locations.models import Store
from tests.factories.locations import StoreFactory


@pytest.mark.parametrize("codes", [[], ["a"], ["a", "c", "x"], ["a", 'it\'s, "quoted" {text}']])
def test_rows_with_any_of_the_values_are_found(organization, codes):
    for code in ("a", "b", "c"):
        StoreFactory(organization=organization, code=code)
    found_codes = Store.objects.filter(is_any_of("code", codes, CharField())).order_by("code").values_list("code", flat=True)
    assert list(found_codes) == sorted({"a", "b", "c"} & set(codes))


def test_statement_is_the_same_for_any_number_of_values(organization):
    single, three = (Store.objects.filter(is_any_of("code", codes, CharField())).query for codes in (["a"], ["a", "b", "c"]))
    assert single.sql_with_params()[0] == three.sql_with_params()[0]
