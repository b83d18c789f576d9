"""Random answers and requests, for the tests that try many."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from loyalty_project.api.renderers import BARE_LISTS

# Names printed as they are in XML: no containers of bare lists, no converter layers.
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name not in BARE_LISTS and name != "element")
# What both formats can hold.
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n\r"))
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12)
LEAVES: st.SearchStrategy[str | int | Decimal | None] = st.none() | TEXT | st.integers(-(2**63), 2**63 - 1) | DECIMALS


def _grown(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    objects = st.dictionaries(NAMES, children, max_size=4)
    return objects | st.dictionaries(NAMES, st.lists(LEAVES | objects, max_size=3), max_size=3)


OBJECTS: st.SearchStrategy[dict[str, Any]] = _grown(st.recursive(LEAVES, _grown, max_leaves=12))
