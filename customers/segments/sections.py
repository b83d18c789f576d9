"""Section `segments` of customer/get (docs/protocol.md 4.5)."""

from collections import defaultdict
from collections.abc import Sequence

from customers.profile.reading import Payloads, Reading
from customers.segments.models import CustomerSegment
from loyalty_project.protocol.codes import Code


def segments(ids: Sequence[int], reading: Reading) -> Payloads:
    """`segments`, if the query asks for it: one query. Empty with warning 91004 if the query fails."""
    if not reading.wants("segments"):
        return {}
    by_customer: dict[int, list[dict[str, str]]] = defaultdict(list)
    with reading.may_fail(Code.SEGMENTS_UNAVAILABLE):
        rows = CustomerSegment.objects.filter(customer_id__in=ids, segment__is_active=True, partition__is_active=True)
        values = rows.order_by("segment__name").values_list("customer_id", "segment__name", "partition__name")
        for customer_id, name, value in values:
            by_customer[customer_id].append({"name": name, "value": value})
    return {customer_id: {"segments": {"segment": by_customer[customer_id]}} for customer_id in ids}
