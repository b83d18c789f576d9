"""docs/openapi.yaml: every action with its parameters, fields and codes, as docs/protocol.md has them."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from engagement.coupons.tills.openapi import REACTIVATE_PLAIN
from engagement.redemptions.points_openapi import REVERSE_PLAIN
from loyalty_project.openapi.document import ALIASES, routed_actions
from loyalty_project.openapi.operations import description_of, sentence_of
from loyalty_project.urls import urlpatterns
from organizations.credentials.openapi import PATH as TOKEN_PATH
from scripts.response_codes import ACTIONS, read_table

DOCS = Path(settings.BASE_DIR) / "docs"
DOCUMENT: dict[str, Any] = yaml.safe_load((DOCS / "openapi.yaml").read_text(encoding="utf-8"))
PROTOCOL = (DOCS / "protocol.md").read_text(encoding="utf-8")
ROUTED = [(entity, name, method, view) for entity, name, method, view in routed_actions(urlpatterns)]
# Addresses of other versions, which have no envelope.
PLAIN = {TOKEN_PATH, REACTIVATE_PLAIN.path, REVERSE_PLAIN.path}
# Codes of the whole request, which the answers of every operation have.
OF_REQUESTS = {500, 1060}
# What tables of parameters have beside parameters: the language of `get` is a header, `format` a shared parameter.
SHARED = {"format"}
ADDRESS = re.compile(r"### (?P<section>4\.\d+) (?P<name>\w+) – ")
NAME = re.compile(r"`([a-zA-Z_]+)(?:=\w+)?`")


def operation(name: str, method: str) -> dict[str, Any]:
    content: dict[str, Any] = DOCUMENT["paths"][f"/v1.1/customer/{name}"][method]
    return content


def operations(name: str) -> Mapping[str, dict[str, Any]]:
    return DOCUMENT["paths"][f"/v1.1/customer/{name}"]  # type: ignore[no-any-return]


def sections() -> Iterator[tuple[str, str]]:
    """Each action of section 4 with its text."""
    found = [*ADDRESS.finditer(PROTOCOL)]
    ends = [match.start() for match in found[1:]] + [PROTOCOL.index("\n## 5. Codes")]
    for match, end in zip(found, ends, strict=True):
        yield match["name"], PROTOCOL[match.end() : end]


def tables(text: str, header: str) -> Iterator[str]:
    """First cells of the rows of the tables with this first header."""
    lines = text.splitlines()
    is_inside = False
    for line, following in pairwise([*lines, ""]):
        if line.startswith(f"| {header} |") and following.startswith("|---"):
            is_inside = True
        elif is_inside and not line.startswith("|"):
            is_inside = False
        elif is_inside and not line.startswith("|---"):
            yield line.split(" | ")[0].removeprefix("| ")


def test_every_routed_action_is_in_the_document() -> None:
    documented = {
        (method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods if path not in PLAIN
    }
    assert documented == {(method, f"/v1.1/{entity}/{name}") for entity, name, method, _ in ROUTED}
    assert len(documented) >= 30
    assert set(DOCUMENT["paths"]) >= PLAIN
    for alias, name in ALIASES.items():
        assert f"`{alias}`" in DOCUMENT["info"]["description"]
        assert any(name == routed for _, routed, _, _ in ROUTED)


def test_answers_and_bodies_are_in_json_and_xml() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for method, described in methods.items():
            if path in PLAIN:
                continue
            contents = [answer["content"] for answer in described["responses"].values() if "content" in answer]
            contents += [described["requestBody"]["content"]] if "requestBody" in described else []
            assert method == "get" or contents
            for content in contents:
                assert set(content) == {"application/json", "application/xml"}
                (root,) = content["application/json"]["schema"]["properties"]
                assert content["application/xml"]["schema"]["xml"]["name"] == root
    for answer in DOCUMENT["components"]["responses"].values():
        assert set(answer["content"]) == {"application/json", "application/xml"}


@pytest.mark.parametrize(("name", "text"), list(sections()), ids=[name for name, _ in sections()])
def test_every_parameter_of_the_protocol_is_in_the_document(name: str, text: str) -> None:
    documented = {
        parameter["name"]
        for described in operations(name).values()
        for parameter in described["parameters"]
        if "name" in parameter
    }
    names = {found for cell in tables(text, "Parameter") for found in NAME.findall(cell)}
    assert names - SHARED <= documented


def names_of(schema: Mapping[str, Any]) -> set[str]:
    """The keys of a schema at any depth."""
    if "$ref" in schema:
        return names_of(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    properties = schema.get("properties", {})
    parts = [*properties.values(), *([schema["items"]] if "items" in schema else [])]
    return {*properties, *(name for part in parts for name in names_of(part))}


@pytest.mark.parametrize("name", ["notes", "tickets", "referrals", "preferences"])
def test_every_field_that_a_paragraph_names_is_in_the_document(name: str) -> None:
    """Bodies that the protocol describes in the paragraph that begins with POST."""
    paragraph = next(part for part in dict(sections())[name].split("\n\n")[1:] if part.startswith("POST"))
    fields = {field for code in re.findall(r"`([^`]+)`", paragraph) for field in re.findall(r"[a-z_]+", code)}
    documented = names_of(operation(name, "post")["requestBody"]["content"]["application/xml"]["schema"])
    assert len(fields) > 3
    assert fields <= documented


@pytest.mark.parametrize("name", ["add", "update_identity", "subscriptions", "tickets"])
def test_every_field_of_a_body_is_in_the_document(name: str) -> None:
    text = dict(sections())[name]
    content = operation(name, "post")["requestBody"]["content"]["application/xml"]["schema"]["properties"]
    (items,) = content.values()
    documented = set(items["items"]["properties"])
    for nested in items["items"]["properties"].values():
        documented |= set(nested.get("properties", {}))
    cells = [*tables(text, "Body field"), *(tables(text, "Field") if name in {"subscriptions", "tickets"} else ())]
    fields = {re.split(r"\W", found)[0] for cell in cells for found in re.findall(r"`([a-zA-Z_.{}\[\], ]+)`", cell)}
    assert len(fields) > 3
    assert fields <= documented


@pytest.mark.parametrize("action", ACTIONS.values())
def test_an_action_has_the_codes_of_the_protocol(action: str) -> None:
    views = [(name, method, view) for entity, name, method, view in ROUTED if (entity, name) == ("customer", action)]
    described = [description_of(getattr(view.cls, view.actions[method.lower()])) for name, method, view in views]
    codes = {code for each in described for code in each.codes}
    expected = {row.code for row in read_table() if action in row.actions} - OF_REQUESTS
    # Those that the table does not have: answers of section 1.6, and warnings of writes.
    assert expected <= codes | ({400} if action == "search" else set())
    assert codes - expected <= {8109, 91009, 91021}


def test_every_code_of_the_protocol_is_in_the_document() -> None:
    described = [each for methods in DOCUMENT["paths"].values() for each in methods.values()]
    texts = "\n".join(each["description"] for each in described)
    responses = "\n".join(answer["description"] for answer in DOCUMENT["components"]["responses"].values())
    rows = read_table()
    assert len(rows) == 118
    missing = [row.code for row in rows if f"| {row.code} | {sentence_of(row.code)} |" not in texts]
    assert set(missing) == OF_REQUESTS
    assert "(1060)" in responses
    assert "500" in DOCUMENT["components"]["responses"]


def test_what_writes_may_find_its_customer_busy() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            if "Codes of items" in operation["description"]:
                # Questions about points lock the customer too: they settle what is due, and count wrong codes.
                is_busy = "requestBody" in operation or path.startswith("/v1.1/points/")
                assert ("| 521 |" in operation["description"]) is is_busy, path


def test_an_undescribed_handler_is_an_error() -> None:
    with pytest.raises(AttributeError):
        description_of(print)
