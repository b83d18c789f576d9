"""Section `segments` of customer/get (docs/protocol.md 4.5)."""

from collections import defaultdict
from collections.abc import Sequence

from customers.profile.reading import Payloads, Reading
from customers.segments.models import CustomerSegment
from loyalty_project.protocol.codes import Code


def segments(ids: Sequence[int], reading: Reading) -> Payloads:
    """`segments`, when asked for: one query. Warning 91004 and none at all where they cannot be read."""
    if not reading.wants("segments"):
        return {}
    found: dict[int, list[dict[str, str]]] = defaultdict(list)
    with reading.may_fail(Code.SEGMENTS_UNAVAILABLE):
        rows = CustomerSegment.objects.filter(customer_id__in=ids, segment__is_active=True, partition__is_active=True)
        told = rows.order_by("segment__name").values_list("customer_id", "segment__name", "partition__name")
        for customer_id, name, value in told:
            found[customer_id].append({"name": name, "value": value})
    return {one: {"segments": {"segment": found[one]}} for one in ids}
