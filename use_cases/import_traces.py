"""What stands in the way of undoing an import: rows about its records that something else has made since.

Each trace is one statement for any number of records. Rows that the import itself makes are no traces, unless they came later.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from loyalty_project.db.arrays import id_array
from organizations.tenancy.statements import fetch_rows

# Records with traces that a page lists.
MOST_SHOWN: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Rows of `table` about the record at `record` (a column of the alias `row`, or of what `joined` joins).

    `name` is for users. `condition` limits the rows; its parameters are those of `find_obstacles`.
    """

    name: str
    table: str
    record: str = "row.customer_id"
    joined: str = ""
    condition: str = "TRUE"

    @property
    def statement(self) -> str:
        """The records of `%(records)s` that have such rows, and how many."""
        return (
            f"SELECT {self.record}, count(*) FROM {self.table} AS row {self.joined}"  # noqa: S608 - made of constants
            f" WHERE row.organization_id = %(organization)s AND {self.record} = ANY(%(records)s::bigint[])"
            f" AND ({self.condition}) GROUP BY 1 ORDER BY 1 LIMIT {MOST_SHOWN}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """A record that was touched since: its id, by what, and how many rows of that there are."""

    record_id: int
    name: str
    count: int


_ACCOUNT: Final = (
    "JOIN engagement_pointsaccount AS account ON account.organization_id = row.organization_id AND account.id = row.account_id"
)
_LATER: Final = "%(finished)s::timestamptz < "
CUSTOMER_TRACES: Final = (
    Trace(name="changed since", table="customers_customer", record="row.id", condition="row.version > 0"),
    Trace(name="erased", table="customers_customer", record="row.id", condition="row.erased_at IS NOT NULL"),
    Trace(name="merged", table="customers_merge", record="row.survivor_id"),
    Trace(name="merged into another customer", table="customers_merge", record="row.victim_id"),
    Trace(name="requests to change identifiers", table="customers_identityrequest"),
    Trace(name="requests of others about identifiers", table="customers_identityrequest", record="row.other_id"),
    Trace(name="cards", table="customers_card"),
    Trace(name="codes that were sent", table="customers_validationcode"),
    Trace(name="messages that were sent", table="customers_outboxmessage"),
    Trace(name="segments", table="customers_customersegment"),
    Trace(name="user groups", table="customers_groupmembership"),
    Trace(name="consents", table="subscriptions_consentchange", condition=f"{_LATER} row.at"),
    Trace(name="bills", table="engagement_bill"),
    Trace(
        name="movements of points",
        table="engagement_pointsentry",
        record="account.customer_id",
        joined=_ACCOUNT,
        condition=f"{_LATER} row.recorded_at",
    ),
    Trace(
        name="promised points",
        table="engagement_pointsaccount",
        condition="row.promised <> 0",
    ),
    Trace(name="redemptions", table="engagement_redemption", record="account.customer_id", joined=_ACCOUNT),
    Trace(name="adjustments of points", table="engagement_pointsadjustment"),
    Trace(name="coupons", table="engagement_coupon"),
    Trace(name="events that wait", table="engagement_deferredevent", condition="row.worked_at IS NULL"),
    Trace(name="notes", table="engagement_note"),
    Trace(name="interactions", table="engagement_interaction"),
    Trace(name="notifications", table="engagement_notification"),
    Trace(name="recommendations", table="engagement_recommendation"),
    Trace(name="tickets", table="tickets_ticket"),
    Trace(name="invitations", table="referrals_invitation"),
    Trace(name="referred customers", table="referrals_referrallink", record="row.referrer_id"),
    Trace(name="came by a referral", table="referrals_referrallink", record="row.referee_id"),
    Trace(name="rewards", table="referrals_reward", record="row.receiver_id"),
)
# Rows about a customer that registering makes, and that go with it or stay without a person.
MADE_BY_REGISTRATION: Final = frozenset(
    {
        "customers_identifier", "customers_fieldterm", "customers_sourceprofile", "customers_duplicatecandidate",
        "engagement_membership", "engagement_purchasetotals", "referrals_referralcode", "subscriptions_consent",
        "customers_erasure",
    }
)  # fmt: skip
BILL_TRACES: Final = (
    Trace(
        name="is a return",
        table="engagement_bill",
        record="row.id",
        condition="row.type IN ('RETURN', 'NOT_INTERESTED_RETURN', 'MIXED', 'NI_MIXED')",
    ),
    Trace(
        name="is excluded from purchases", table="engagement_bill", record="row.id", condition="row.outlier_status <> 'NORMAL'"
    ),
    Trace(name="returns", table="engagement_bill", record="row.return_of_id"),
    Trace(name="parts", table="engagement_bill", record="row.part_of_id"),
    Trace(
        name="its customer was erased",
        table="engagement_bill",
        record="row.id",
        joined=(
            "JOIN customers_customer AS customer"
            " ON customer.organization_id = row.organization_id AND customer.id = row.customer_id"
        ),
        condition="customer.erased_at IS NOT NULL",
    ),
    Trace(
        name="its points were spent or have expired",
        table="engagement_pointslot",
        record="row.bill_id",
        condition='row."left" < row.points - row.moved',
    ),
    Trace(
        name="its customer has events that wait",
        table="engagement_bill",
        record="row.id",
        joined=(
            "JOIN engagement_deferredevent AS event"
            " ON event.organization_id = row.organization_id AND event.customer_id = row.customer_id"
        ),
        condition="event.worked_at IS NULL",
    ),
    Trace(name="redemptions", table="engagement_redemption", record="row.bill_id"),
    Trace(name="redemptions of coupons", table="engagement_couponredemption", record="row.bill_id"),
    Trace(name="counts for a referral", table="referrals_refereeevent", record="row.bill_id"),
    Trace(name="tickets", table="tickets_ticketlink", record="row.bill_id"),
)
# Points of a bill stay if the organization leaves them to customers who return it.
KEPT_POINTS: Final = Trace(
    name="has points, which this organization leaves to customers who return a bill",
    table="engagement_pointslot",
    record="row.bill_id",
)


def find_obstacles(traces: Iterable[Trace], records: Sequence[int], *, finished: datetime) -> list[Obstacle]:
    """The first records that have traces; nothing if there is nothing in the way. A statement for each trace."""
    values: Mapping[str, Any] = {"records": id_array(records), "finished": finished}
    found = (
        Obstacle(record_id=record_id, name=trace.name, count=count)
        for trace in traces
        for record_id, count in fetch_rows(trace.statement, _named(trace.statement, values))
    )
    return sorted(islice(found, MOST_SHOWN), key=lambda obstacle: obstacle.record_id)


def _named(statement: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the statement names."""
    return {name: value for name, value in values.items() if f"%({name})s" in statement}
