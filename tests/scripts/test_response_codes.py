"""Is docs/response_codes.md what table and record make of it, and does it miss anything?"""

import json

import pytest

from engagement.bills.codes import BillCode
from engagement.coupons.codes import CouponCode
from engagement.redemptions.codes import PointsCode
from loyalty_project.protocol.codes import Code
from scripts.response_codes import (
    ACTIONS,
    DOCUMENT,
    REASONS,
    ROOT,
    main,
    missing_of_tills,
    missing_rows,
    number_of,
    read_record,
    read_table,
    write_document,
)

TABLE = {row.code: row for row in read_table()}


def test_the_table_has_every_code_once():
    assert sorted(TABLE) == sorted(map(int, Code))


@pytest.mark.parametrize(
    ("code", "actions"),
    [
        (1052, {"transactions"}),
        (618, {"add", "update", "update_identity", "referrals"}),  # add (merge) upd idn ref
        (1028, {"notes"}),  # note GET
        (1106, {"subscriptions"}),  # sub POST
        (91010, {"get"}),  # get (gap_to_renew_for, membership_retention_criteria)
    ],
)
def test_the_table_lists_the_actions_of_a_code(code, actions):
    assert TABLE[code].actions == actions


def test_the_table_expands_descriptions_of_actions():
    assert len(TABLE[400].actions) == 15
    assert TABLE[1060].actions == TABLE[400].actions - {"search"}
    assert {"get", "update_identity"} <= TABLE[1042].actions
    assert "subscriptions" not in TABLE[1042].actions
    assert {"add", "update", "transactions"} <= TABLE[91009].actions


def test_the_document_is_up_to_date():
    """Else: make response-codes, after a whole `make test`."""
    assert DOCUMENT.read_text(encoding="utf-8") == write_document(list(TABLE.values()), read_record())


@pytest.mark.parametrize("action", ACTIONS.values())
def test_every_code_of_the_table_is_received_or_explained(action):
    missing = missing_rows(list(TABLE.values()), read_record(), action)
    assert [row.code for row in missing] == sorted(REASONS.get(action, {}))


def test_every_code_of_the_table_is_received():
    assert len(TABLE) == 118
    assert [code for code, row in TABLE.items() if not row.actions] == []
    received = {number_of(code) for action, codes in read_record().items() if action in ACTIONS.values() for code in codes}
    assert set(TABLE) <= received


@pytest.mark.parametrize("table", [BillCode, PointsCode, CouponCode])
def test_every_code_of_tills_is_received(table):
    assert missing_of_tills(table, read_record()) == []


def test_each_recorded_test_is_there():
    named = {name for codes in read_record().values() for name in codes.values()}
    missing = {name for name in named if f"def {name.partition('::')[2]}(" not in (ROOT / name.partition("::")[0]).read_text()}
    assert missing == set()


def test_record_and_document_are_written_out_of_what_was_received(tmp_path):
    received, record, document = tmp_path / "received", tmp_path / "record.json", tmp_path / "document.md"
    received.write_text(json.dumps({"get": {"W 91002": "b", "S 1000": "a"}, "add": {"I 1001": "c"}, "notes": {"R 406": "d"}}))
    main(received=received, record_at=record, document_at=document)
    written = read_record(record)
    assert [list(written), list(written["get"])] == [["add", "get", "notes"], ["S 1000", "W 91002"]]
    sections = {part.partition("\n")[0]: part for part in document.read_text(encoding="utf-8").split("\n## ")}
    assert "| 91002 | warning | Failed to get subscription details. | `b` |" in sections["get"]
    when = "the customer has a WECHAT account, and its feed could not be read"
    assert f"| 91018 | {when} | no test receives it yet |" in sections["get"]
    assert "| 1042 |" in sections["get"].partition("Not received:")[2]
    assert f"| 500 | every item failed; also an unexpected error | {REASONS['search'][500]} |" in sections["search"]
    text = document.read_text(encoding="utf-8")
    for path in (received, document):
        path.unlink()
    main(received=received, record_at=record, document_at=document)
    assert (document.read_text(encoding="utf-8"), read_record(record)) == (text, written)
