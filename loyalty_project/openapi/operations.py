"""Descriptions of operations: typed values next to each noun's api, and what they become in the document."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar

from loyalty_project.openapi.shapes import Properties, Schema, record, shared, text
from loyalty_project.protocol.codes import Code, CodeTable, Transport

Handler = TypeVar("Handler", bound=Callable[..., Any])
_MEDIA: Final = {"json": "application/json", "xml": "application/xml"}
# The HTTP statuses of refusals (docs/protocol.md 1.6), by what can go wrong.
_ALWAYS: Final = ("400", "401", "403", "404", "405", "429", "500", "503")
_WITH_BODY: Final = ("413", "415", "422")
_SENTENCES: Final[Mapping[int, str]] = {int(code): code.sentence for code in (*Transport, *Code)}
_DESCRIBES: Final = "describes_operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of the query, or a header."""

    name: str
    meaning: str
    schema: Schema = field(default_factory=text)
    place: Literal["query", "header"] = "query"

    def document(self) -> Schema:
        """As OpenAPI has it. None is required of the query: which identifier names the customer is a choice."""
        return {"name": self.name, "in": self.place, "description": self.meaning, "schema": self.schema}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An action with one of its methods. `section` is that of docs/protocol.md.

    `body` is what is inside of `root`, `answer` the keys of `response` besides `status`. `codes` are those of its items, by
    number, or members of the noun's own table. `refusals` are HTTP statuses that only some actions have. With `totals` the
    status counts the items. `leading` keys of the answer come before the status.
    """

    section: str
    summary: str
    answer: Mapping[str, Schema]
    details: str = ""
    parameters: Sequence[Parameter] = ()
    body: Schema | None = None
    leading: Mapping[str, Schema] = field(default_factory=dict)
    codes: Sequence[int] = ()
    refusals: Sequence[str] = ()
    totals: bool = False

    def document(self, entity: str, name: str, method: str) -> Schema:
        """As OpenAPI has it, for one address and method."""
        document: Schema = {
            "operationId": "_".join([method.lower(), entity, name]),
            "tags": [entity],
            "summary": self.summary,
            "description": self._description(),
            "parameters": [
                {"$ref": "#/components/parameters/format"},
                *([{"$ref": "#/components/parameters/IdempotencyKey"}] if self.body is not None else []),
                *(parameter.document() for parameter in self.parameters),
            ],
            "security": [{"basic": []}, {"token": []}, {"bearer": []}],
            "responses": self._responses(),
        }
        if self.body is not None:
            document["requestBody"] = {"required": True, "content": _content("root", self.body)}
        return document

    def _description(self) -> str:
        parts = [self.details] if self.details else []
        parts.append(f"Section {self.section} of docs/protocol.md.")
        if self.codes:
            table = [f"| {code} | {sentence_of(code)} |" for code in sorted(self.codes)]
            parts.append("\n".join(["Codes of items and warnings:", "", "| Code | Sentence |", "|---|---|", *table]))
        return "\n\n".join(parts)

    def _responses(self) -> Schema:
        statuses = [*_ALWAYS, *self.refusals, *(_WITH_BODY if self.body is not None else ())]
        keys: Properties = {
            **self.leading,
            "status": shared("StatusWithTotals" if self.totals else "Status"),
            **self.answer,
        }
        responses: Schema = {
            "200": {
                "description": "The items in the order of the request; `status.code` is 200, 201 or 500 (1.5).",
                "headers": {"X-Cap-Requestid": {"$ref": "#/components/headers/RequestId"}},
                "content": _content("response", record(required=list(keys), **keys)),
            }
        }
        return {**responses, **{status: {"$ref": f"#/components/responses/{status}"} for status in sorted(statuses)}}


def sentence_of(code: int) -> str:
    """The sentence of a code of items: its own for one of a table, else that of a customer call. Raises KeyError for others."""
    return code.sentence if isinstance(code, CodeTable) else _SENTENCES[code]


def codes_of(table: type[CodeTable], *codes: int) -> tuple[int, ...]:
    """The codes of an operation: members of the noun's own table for the numbers that it has."""
    own = {int(code): code for code in table}
    return tuple(own.get(code, code) for code in codes)


def _content(root: str, schema: Schema) -> Schema:
    """The schema under `root` in JSON, and as the tag `root` in XML."""
    whole: Properties = {root: schema}
    return {
        _MEDIA["json"]: {"schema": record(required=[root], **whole)},
        _MEDIA["xml"]: {"schema": {**schema, "xml": {"name": root}}},
    }


def described(operation: Operation) -> Callable[[Handler], Handler]:
    """Decorator of the handler of one method of an action."""

    def decorate(handler: Handler) -> Handler:
        setattr(handler, _DESCRIBES, operation)
        return handler

    return decorate


def description_of(handler: Callable[..., Any]) -> Operation:
    """The description of a handler. Raises AttributeError for a handler without one."""
    operation: Operation = getattr(handler, _DESCRIBES)
    return operation
