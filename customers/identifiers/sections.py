"""Section `identifiers` of customer/get (docs/protocol.md 4.5)."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import Value

from customers.identifiers.models import Identifier
from customers.profile.reading import Payloads, Reading
from customers.sources.models import SourceProfile
from customers.sources.values import PROFILE_MISSING, read_source
from loyalty_project.protocol.errors import Notice


def identifiers(ids: Sequence[int], reading: Reading) -> Payloads:
    """Identifiers of the customers, and their accounts at other sources: one query.

    Warning 91016 or 91017 for customers without a profile at the source that the call names.
    """
    payloads: dict[int, dict[str, Any]] = {customer_id: {"identifiers": []} for customer_id in ids}
    own = Identifier.objects.filter(customer_id__in=ids, state=Identifier.State.CURRENT).annotate(is_profile=Value(0))
    profiles = SourceProfile.objects.filter(customer_id__in=ids).annotate(is_profile=Value(1))
    rows = own.values_list("is_profile", "pk", "customer_id", "kind", "value").union(
        profiles.values_list("is_profile", "pk", "customer_id", "source", "account"), all=True
    )
    sources: defaultdict[int, set[str]] = defaultdict(set)
    for is_profile, _, customer_id, kind, value in sorted(rows):
        payloads[customer_id]["identifiers"].append({"type": kind.lower(), "value": value})
        if is_profile:
            sources[customer_id].add(kind)
        else:
            payloads[customer_id][kind] = value
    asked = read_source(reading.query.get("source", ""))
    if asked in PROFILE_MISSING:
        for customer_id in ids:
            if asked not in sources[customer_id]:
                reading.own_notices[customer_id].append(Notice(PROFILE_MISSING[asked]))
    return payloads
