"""Section `source_accounts` of the organization file."""

from typing import Any, Final

from organizations.organization_file.common_keys import ACTIVE
from organizations.organization_file.rows import RowChanges, Table, WantedRow
from organizations.organization_file.schema import ListOf, Struct, column_text, optional, required
from organizations.organization_file.sections import Document, Section, list_rows
from organizations.source_accounts.models import SourceAccount
from organizations.tenancy.models import Organization

SOURCE_ACCOUNT: Final = Struct(
    {
        "source": required(column_text(SourceAccount, "source")),
        "account": required(column_text(SourceAccount, "account")),
        "active": ACTIVE,
    }
)
ACCOUNT_TABLE: Final = Table(
    model=SourceAccount,
    key_of=lambda row: (row.source, row.account),
    label=lambda row: f"source account {row.source} {row.account}",
)


def load_accounts(document: Document, rows: RowChanges) -> None:
    """Make source accounts equal to the document."""
    rows.apply(ACCOUNT_TABLE, [_account_row(path, account) for path, account in list_rows(document, "source_accounts")])


def dump_accounts(_organization: Organization) -> list[dict[str, Any]]:
    """Source accounts, by source and account."""
    return [
        {"source": account.source, "account": account.account, "active": account.is_active}
        for account in SourceAccount.objects.all()
    ]


SOURCE_ACCOUNTS: Final = Section(
    name="source_accounts",
    schema=optional(ListOf(SOURCE_ACCOUNT, key=("source", "account")), []),
    load=load_accounts,
    dump=dump_accounts,
)


def _account_row(path: str, account: dict[str, Any]) -> WantedRow:
    key = (account["source"], account["account"])
    return WantedRow(key, path, {"source": key[0], "account": key[1], "is_active": account["active"]})
