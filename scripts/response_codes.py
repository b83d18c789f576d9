"""Writer of docs/response_codes.md: the codes of each action, and the test that received each.

Run by `make response-codes`: out of what the last whole `make test` received (tests/received_codes.py) it takes one test for
each code of each action (tests/received_codes.json); with the table of docs/protocol.md 5 that makes the document.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engagement.bills.codes import BillCode
from engagement.coupons.codes import CouponCode
from engagement.redemptions.codes import PointsCode
from loyalty_project.protocol.codes import Code, CodeTable, Transport

ROOT: Final = Path(__file__).resolve().parent.parent
PROTOCOL: Final = ROOT / "docs" / "protocol.md"
DOCUMENT: Final = ROOT / "docs" / "response_codes.md"
RECORD: Final = ROOT / "tests" / "received_codes.json"
CACHE: Final = ROOT / ".pytest_cache" / "v" / "regulars" / "received_codes"

# By action and then by kind and code ("W 1017"), a test that received it.
Record = Mapping[str, Mapping[str, str]]
# The actions as the table calls them, in the order of docs/protocol.md 4.
ACTIONS: Final[Mapping[str, str]] = {
    "add": "add", "upd": "update", "idn": "update_identity", "sea": "search", "get": "get", "trx": "transactions",
    "red": "redemptions", "note": "notes", "cpn": "coupons", "tkt": "tickets", "ref": "referrals", "prf": "preferences",
    "int": "interaction", "sub": "subscriptions", "rec": "recommendations",
}  # fmt: skip
# The calls of tills with the tables of their codes: each code is received by one call of its table at least.
TILL_ACTIONS: Final[Mapping[str, type[CodeTable]]] = {
    "transaction/add": BillCode,
    **{f"points/{name}": PointsCode for name in ("isredeemable", "validationcode", "redeem", "reverse")},
    **{f"coupon/{name}": CouponCode for name in ("isredeemable", "redeem", "issue", "reactivate")},
}
_ALL: Final = frozenset(ACTIONS.values())
_READS: Final = _ALL - {"add", "update", "update_identity", "search", "subscriptions"}
# What the table says in words.
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "all": _ALL,
    "all with batches": _ALL - {"search"},
    "idn, GET": _READS | {"update_identity"},
    "get, all reads with `member_care_access`": _READS | {"subscriptions"},
    "get and all lookups, add upd": _READS | {"add", "update"},
}
# Why no test receives a code that the table gives an action.
REASONS: Final[Mapping[str, Mapping[int, str]]] = {
    "add": {
        1099: "joining asks for no tracker",
        10002: "an add answers 10001 for known customers too",
    },
    "update": {
        1004: "given at registration; a later update keeps the stored store",
        1099: "a change asks for no tracker",
    },
    "search": {
        500: "a search has no items that could all fail",
    },
    "redemptions": {
        1011: "answered as 816",
        1012: "answered as 816",
        91009: "an answer that succeeds has no item_status, and so no warnings",
    },
}
_SENTENCES: Final[Mapping[int, str]] = {int(code): code.sentence for code in (*Transport, *Code)} | {
    503: Transport.AUTHORISATION_UNAVAILABLE.sentence
}
_KINDS: Final[Mapping[str, str]] = {"R": "request", "S": "success", "I": "error", "W": "warning"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table of codes. `actions` are those that may answer with it."""

    code: int
    actions: Collection[str]
    when: str


def read_table() -> list[Row]:
    """The table of docs/protocol.md 5."""
    section = PROTOCOL.read_text(encoding="utf-8").partition("\n## 5. Codes\n")[2].partition("\n### 5.1 ")[0]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if re.match(r"\| \d+ \|", line)]
    return [Row(int(code), _actions(where), when) for code, _sentence, where, _kind, when in cells]


def _actions(where: str) -> frozenset[str]:
    if where in _WORDS:
        return _WORDS[where]
    return frozenset(ACTIONS[word] for word in re.findall(r"[a-z]+", re.sub(r"\([^)]*\)", "", where)) if word in ACTIONS)


def read_record(path: Path = RECORD) -> Record:
    """What is recorded."""
    record: Record = json.loads(path.read_text(encoding="utf-8"))
    return record


def write_record(record: Record) -> str:
    """The text of the record's file: actions in their order, codes ascending."""
    actions = (action for action in (*ACTIONS.values(), *TILL_ACTIONS) if action in record)
    ordered = {action: dict(sorted(record[action].items(), key=_by_number)) for action in actions}
    return json.dumps(ordered, indent=1, ensure_ascii=False) + "\n"


def missing_rows(table: Sequence[Row], record: Record, action: str) -> list[Row]:
    """The rows that the action may answer with and no test has received."""
    received = {number_of(code) for code in record.get(action, {})}
    return [row for row in table if action in row.actions and row.code not in received]


def missing_of_tills(table: type[CodeTable], record: Record) -> list[CodeTable]:
    """The codes of a table that no test has received from any of its calls."""
    calls = [action for action, codes in TILL_ACTIONS.items() if codes is table]
    received = {number_of(code) for action in calls for code in record.get(action, {})}
    return [code for code in table if int(code) not in received]


def number_of(code: str) -> int:
    """The number in `W 1017`."""
    return int(code.partition(" ")[2])


def write_document(table: Sequence[Row], record: Record) -> str:
    """The text of docs/response_codes.md."""
    parts = [_INTRODUCTION]
    for action in ACTIONS.values():
        parts += _section(action, record, {})
        missing = list(_missing(table, record, action))
        if missing:
            parts += ["", "Not received:", "", "| Code | When | Why not |", "|---|---|---|", *missing]
    for action, codes in TILL_ACTIONS.items():
        parts += _section(action, record, {int(code): code.sentence for code in codes})
    return "\n".join(parts) + "\n"


def _section(action: str, record: Record, own: Mapping[int, str]) -> Iterator[str]:
    """The codes of an action, with the sentences of its `own` table before those of customers."""
    yield from ("", f"## {action}", "", "| Code | Kind | Sentence | Received by |", "|---|---|---|---|")
    for code, test in sorted(record.get(action, {}).items(), key=_by_number):
        number = number_of(code)
        yield f"| {number} | {_KINDS[code[0]]} | {own.get(number) or _SENTENCES[number]} | `{test}` |"


def _missing(table: Sequence[Row], record: Record, action: str) -> Iterator[str]:
    for row in missing_rows(table, record, action):
        yield f"| {row.code} | {row.when} | {REASONS.get(action, {}).get(row.code, 'no test receives it yet')} |"


def _by_number(item: tuple[str, str]) -> tuple[int, str]:
    return number_of(item[0]), item[0]


def main(*, received: Path = CACHE, record_at: Path = RECORD, document_at: Path = DOCUMENT) -> None:
    """Write record and document; without anything received, the document alone, of the record as it is."""
    if received.exists():
        record_at.write_text(write_record(read_record(received)), encoding="utf-8")
    document_at.write_text(write_document(read_table(), read_record(record_at)), encoding="utf-8")


_INTRODUCTION: Final = """# Response codes by action

Which codes each action really answers with, each with a test that receives it over HTTP. What the codes mean, and when they are
given, is said in [protocol.md](protocol.md) 5 (codes of whole requests: 1.6), for the calls of tills in its tills' part 6.

Written by `make response-codes` out of what the whole test suite received; `make test` checks that each test named here still
receives its code. Do not edit it by hand.

| Kind | Means |
|---|---|
| request | the code of the whole answer, `status.code` |
| success | the item was done |
| error | nothing of the item was done |
| warning | the item was done, and something beside it was not |"""


if __name__ == "__main__":
    main()
