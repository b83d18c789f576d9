"""A guess which of our columns the columns of a file are: by what was chosen before, by name, and by common other names."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from loyalty_project.imports.columns import ERROR_COLUMNS, FileColumns

# Names that other systems give to our columns, folded.
_OTHER_NAMES: Final[Mapping[str, Sequence[str]]] = {
    "mobile": (
        "mobileno", "mobilenumber", "mobilephone", "phone", "phoneno", "phonenumber", "cell", "cellphone", "telephone", "tel",
    ),
    "email": ("emailaddress", "emailid", "mail"),
    "external_id": ("externalid", "customerid", "customernumber", "customerno", "memberid", "membernumber"),
    "firstname": ("givenname", "forename", "first"),
    "lastname": ("surname", "familyname", "last"),
    "registered_on": ("registered", "registrationdate", "joined", "joinedon", "joindate", "membersince", "createdat"),
    "registered_till": ("registrationtill",),
    "card_number": ("card", "cardno", "loyaltycard"),
    "preferred_store": ("favouritestore", "favoritestore", "homestore"),
    "number": ("billnumber", "billno", "bill", "receipt", "receiptnumber", "receiptno", "invoice", "invoicenumber", "orderid"),
    "billing_time": ("billdate", "billingdate", "date", "datetime", "purchasedate", "orderdate", "transactiondate", "soldon"),
    "amount": ("total", "netamount", "billamount", "value", "sum"),
    "gross_amount": ("gross", "grossamount"),
    "store_code": ("store", "shop", "storeid", "branch"),
    "till_code": ("till", "register", "tillid", "pos"),
    "item_sku": ("sku", "item", "itemcode", "product", "productcode", "article"),
    "quantity": ("qty", "pieces"),
    "rate": ("price", "unitprice"),
    "occurred_at": ("date", "datetime", "time", "postedon"),
    "expires_on": ("expiry", "expirydate", "validuntil"),
    "reference": ("ref", "referencenumber", "transactionid"),
    "points": ("pts",),
    "description": ("note", "text", "comment", "notes"),
    "code": ("couponcode", "ticketcode"),
    "created_date": ("createdon", "issuedon", "issued"),
    "created_on": ("createdon", "createddate", "opened"),
}  # fmt: skip


def folded(name: str) -> str:
    """A name by which columns are compared: without case, blanks and punctuation."""
    return re.sub(r"[\W_]+", "", name.lower())


def guess_columns(names: Sequence[str], expected: FileColumns, *, remembered: Mapping[str, str]) -> list[str]:
    """For each column of a file our column, "" for none. `remembered` has earlier choices by folded name.

    Each column of ours is taken once: by the choice that was remembered before a name, by its own name before another one.
    """
    free = tuple(expected.prefixes)
    known = (
        [*expected.known, *(name for name in names if name.startswith(free) and name not in free)] if free else expected.known
    )
    own = {folded(column): column for column in reversed(known)}
    # A field is also known by its bare name: "Boot size" for custom.Boot size.
    bare = {folded(column.partition(".")[2]): column for column in reversed(known) if "." in column}
    others = {other: column for column in known for other in _OTHER_NAMES.get(column, ())}
    guesses = [""] * len(names)
    # What was left out before is left out again.
    open_ = [i for i, name in enumerate(names) if name not in ERROR_COLUMNS and remembered.get(folded(name)) != ""]
    for columns in (remembered, own, bare, others):
        for index in open_:
            column = columns.get(folded(names[index]), "")
            if not guesses[index] and column in known and column not in guesses:
                guesses[index] = column
    return guesses
