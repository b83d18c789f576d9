"""Personal data: the rows of each table that are about a person, how they are read, and how they are emptied.

Each app lists its tables in `personal_data.py`; `use_cases/erasure.py` composes the lists. What is emptied keeps its row,
unless the row is of no use without the person: totals and books stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from loyalty_project.protocol.codes import Transport
from loyalty_project.protocol.outcomes import failed
from organizations.tenancy.statements import fetch_rows, write_rows

# SQL of what takes the place of a value. Where a column must not be blank, a word does.
BLANK: Final = "''"
NOTHING: Final = "'{}'::jsonb"
NULL: Final = "NULL"
EMPTY_LIST: Final = "'[]'::jsonb"
ERASED: Final = "'erased'"
# The answer of a call that is repeated after the customer was erased (docs/protocol.md 1.10).
_ERASED_ANSWER: Final = f"'{orjson.dumps(failed(Transport.CUSTOMER_ERASED, {}).body).decode()}'"
# Columns that no reader of an export needs: the tenant, what is derived from other columns, and secrets.
_HIDDEN: Final = ("organization_id", "sealed")
_DERIVED: Final = ("_folded", "_reversed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person: the ids of their customers (merged ones too) and the values that identify them."""

    customers: Sequence[int]
    values: Sequence[str]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters of every `owned_by`."""
        return {"customers": list(self.customers), "values": list(self.values)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalRows:
    """The rows of `table` that are about a person.

    `name` is for users. `owned_by` is the condition on the alias `row`, with the parameters `customers` (ids) and `values`.
    `emptied` has the SQL of each column's new value. Without any the rows stay as they are; if it is None they are deleted.
    `audited_as` is the type under which the audit names these rows. `is_exported` is false for what only repeats other rows.
    """

    name: str
    table: str
    owned_by: str = "row.customer_id = ANY(%(customers)s::bigint[])"
    emptied: Mapping[str, str] | None
    audited_as: str = ""
    is_exported: bool = True


# Audit entries are emptied with the rows that they are about: `empty_audit`.
ORGANIZATION_ROWS: Final = (
    PersonalRows(
        name="Answers kept for repeated calls",
        table="organizations_keptanswer",
        owned_by="row.subject_id = ANY(%(customers)s::bigint[])",
        emptied={"body": _ERASED_ANSWER, "succeeded": "FALSE"},
        is_exported=False,
    ),
)


def read_personal(rows: PersonalRows, person: Person) -> list[dict[str, Any]]:
    """These rows of the person, by column, the oldest first. Figures are text."""
    found = fetch_rows(
        f"""SELECT to_jsonb(row)::text FROM {rows.table} AS row
            WHERE row.organization_id = %(organization)s AND {rows.owned_by} ORDER BY row.id""",  # noqa: S608 - constants
        person.parameters,
    )
    return [{name: value for name, value in orjson.loads(text).items() if _is_shown(name)} for (text,) in found]


def _is_shown(column: str) -> bool:
    return column not in _HIDDEN and not column.endswith(_DERIVED)


def empty_personal(rows: PersonalRows, person: Person) -> int:
    """Empty or delete these rows of the person. Returns the number of rows that had something. Call it in a transaction."""
    where = f"row.organization_id = %(organization)s AND {rows.owned_by}"
    if rows.emptied == {}:
        return 0
    if rows.emptied is None:
        return write_rows(f"DELETE FROM {rows.table} AS row WHERE {where}", person.parameters)  # noqa: S608 - constants
    values = ", ".join(f"{column} = {value}" for column, value in rows.emptied.items())
    differs = " OR ".join(f"row.{column} IS DISTINCT FROM {value}" for column, value in rows.emptied.items())
    return write_rows(
        f"UPDATE {rows.table} AS row SET {values} WHERE {where} AND ({differs})",  # noqa: S608 - constants
        person.parameters,
    )


def empty_audit(rows: Sequence[PersonalRows], person: Person) -> int:
    """Empty the audit entries about these rows. Returns their number. Call it before the rows are emptied."""
    return sum(
        write_rows(
            f"""UPDATE organizations_auditentry AS entry SET old = {NOTHING}, new = {NOTHING}, context = {NOTHING}
                WHERE entry.organization_id = %(organization)s AND entry.object_type = %(type)s
                    AND entry.object_id IN (
                        SELECT row.id FROM {audited.table} AS row
                        WHERE row.organization_id = %(organization)s AND {audited.owned_by}
                    )
                    AND (entry.old, entry.new, entry.context) IS DISTINCT FROM ({NOTHING}, {NOTHING}, {NOTHING})""",  # noqa: S608 - constants
            {**person.parameters, "type": audited.audited_as},
        )
        for audited in rows
        if audited.audited_as
    )
