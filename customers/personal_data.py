"""Rows of customers about a person: what an erasure empties, and an export shows (docs/back-office.md)."""

from typing import Final

from organizations.personal_data import BLANK, EMPTY_LIST, ERASED, NOTHING, PersonalRows

_OF_EITHER: Final = "(row.customer_id = ANY(%(customers)s::bigint[]) OR row.other_id = ANY(%(customers)s::bigint[]))"
_DECIDED: Final = "row.decided_on IS NOT NULL"

CUSTOMER_ROWS: Final = (
    PersonalRows(
        name="Customers",
        table="customers_customer",
        owned_by="row.id = ANY(%(customers)s::bigint[])",
        emptied={
            "firstname": BLANK,
            "lastname": BLANK,
            "firstname_folded": BLANK,
            "lastname_folded": BLANK,
            "field_values": NOTHING,
            "field_values_folded": NOTHING,
            "comm_channels": EMPTY_LIST,
            "image_url": BLANK,
            "fraud_reason": BLANK,
            "status_reason": BLANK,
        },
        audited_as="customer",
    ),
    PersonalRows(name="Identifiers", table="customers_identifier", emptied=None),
    PersonalRows(name="Accounts in other channels", table="customers_sourceprofile", emptied=None),
    PersonalRows(name="Cards", table="customers_card", emptied=None, audited_as="card"),
    PersonalRows(name="Members of segments", table="customers_customersegment", emptied=None),
    PersonalRows(name="Members of user groups", table="customers_groupmembership", emptied=None),
    PersonalRows(name="Terms of searches", table="customers_fieldterm", emptied=None, is_exported=False),
    PersonalRows(name="Codes that were sent", table="customers_validationcode", emptied=None, is_exported=False),
    PersonalRows(name="Messages that were sent", table="customers_outboxmessage", emptied=None, is_exported=False),
    PersonalRows(
        name="Likely duplicates",
        table="customers_duplicatecandidate",
        owned_by="(row.first_id = ANY(%(customers)s::bigint[]) OR row.second_id = ANY(%(customers)s::bigint[]))",
        emptied=None,
        audited_as="duplicatecandidate",
        is_exported=False,
    ),
    PersonalRows(
        name="Requests to change identifiers, open",
        table="customers_identityrequest",
        owned_by=f"{_OF_EITHER} AND NOT ({_DECIDED})",
        emptied=None,
        audited_as="identityrequest",
    ),
    PersonalRows(
        name="Requests to change identifiers, decided",
        table="customers_identityrequest",
        owned_by=f"{_OF_EITHER} AND {_DECIDED}",
        emptied={"old_value": BLANK, "new_value": BLANK, "comments": BLANK, "reason": ERASED},
        audited_as="identityrequest",
    ),
    PersonalRows(
        name="Merges",
        table="customers_merge",
        owned_by="(row.survivor_id = ANY(%(customers)s::bigint[]) OR row.victim_id = ANY(%(customers)s::bigint[]))",
        emptied={"moved": NOTHING, "reason": BLANK, "undone_reason": BLANK},
    ),
)
