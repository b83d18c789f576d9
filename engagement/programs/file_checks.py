"""References of the section `programs` to other sections of the organization file, and of programs to one another."""

from collections.abc import Iterator
from typing import Any, Final

from engagement.programs.occasion_rules import OccasionKind
from organizations.fields.organization_file import customer_field_names, list_fields
from organizations.organization_file.problems import Problems
from organizations.organization_file.references import check_name, check_names, check_numbers, check_single_default, codes_of
from organizations.organization_file.sections import Document, list_rows

_BINDINGS: Final = {"zones": "zone", "concepts": "concept", "card_series": "card series"}
_CONDITIONS: Final = {"stores": "store", "zones": "zone", "concepts": "concept"}


def check_programs(document: Document, problems: Problems) -> None:
    """One program is the default, the others are bound to one kind of thing, and every name that programs use exists."""
    programs = document["programs"]
    if programs and not any(program["default"] for program in programs):
        problems.add("programs", "exactly one must be the default")
    check_single_default(programs, "programs", "exactly one may be the default, and {} is", problems)
    _check_bindings(document, problems)
    check_numbers(document, "programs", problems)
    codes = {section: codes_of(document, section) for section in _CONDITIONS}
    dates = _date_fields(document, "extended")
    birthdays = dates | _date_fields(document, "custom")
    fields = customer_field_names(document)
    partitions = {segment["name"]: set(segment["partitions"]) for segment in document["segments"]}
    for path, program in list_rows(document, "programs"):
        check_name(program["birthday_field"], birthdays, "field of type date", f"{path}.birthday_field", problems)
        tiers = {tier["name"] for tier in program["tiers"]}
        giving = {rule["name"] for rule in program["earning"] if rule["award"]["multiply"] is None}
        for number, rule in enumerate(program["earning"]):
            at = f"{path}.earning[{number}]"
            when = rule["when"] or {}
            _check_conditions(when, codes, tiers, f"{at}.when", problems)
            _check_segments(when.get("segments", []), partitions, f"{at}.when.segments", problems)
            if when.get("birthday") and not program["birthday_field"]:
                problems.add(f"{at}.when.birthday", "needs the birthday_field of the program")
            check_names(rule["award"]["of"] or [], giving, "rule that gives points by itself", f"{at}.award.of", problems)
            _check_expiry(rule["expiry"], dates, f"{at}.expiry", problems)
        for number, occasion in enumerate(program["occasions"]):
            at = f"{path}.occasions[{number}]"
            check_names(occasion["fields"], fields, "custom or extended field", f"{at}.fields", problems)
            _check_expiry(occasion["expiry"], dates, f"{at}.expiry", problems)
            if occasion["on"] == OccasionKind.BIRTHDAY and not program["birthday_field"]:
                problems.add(f"{at}.on", "needs the birthday_field of the program")
        if program["enrolment"]:
            _check_expiry(program["enrolment"]["expiry"], dates, f"{path}.enrolment.expiry", problems)
        _check_trackers(program, path, problems)
        _check_gifts(program, codes_of(document, "coupon_series"), dates, path, problems)


def _check_bindings(document: Document, problems: Problems) -> None:
    kind: str | None = None
    bound_by: dict[str, str] = {}
    for path, program in list_rows(document, "programs"):
        bound = program["bound_to"] or {}
        for binding in (binding for binding in _BINDINGS if bound.get(binding)):
            at = f"{path}.bound_to.{binding}"
            check_names(bound[binding], codes_of(document, binding), _BINDINGS[binding], at, problems)
            if program["default"]:
                problems.add(at, "the default program is everywhere")
                continue
            kind = kind or binding
            if binding != kind:
                problems.add(at, f"the programs of an organization are bound to one kind of thing, here {kind}")
                continue
            for number, code in enumerate(bound[binding]):
                if code in bound_by:
                    problems.add(f"{at}[{number}]", f"{code!r} is bound to the program {bound_by[code]!r} already")
                bound_by.setdefault(code, program["name"])


def _check_conditions(when: dict[str, Any], codes: dict[str, set[str]], tiers: set[str], path: str, problems: Problems) -> None:
    for key, what in _CONDITIONS.items():
        check_names(when.get(key, []), codes[key], what, f"{path}.{key}", problems)
    check_names(when.get("tiers", []), tiers, "tier", f"{path}.tiers", problems)


def _check_segments(rows: list[dict[str, Any]], partitions: dict[str, set[str]], path: str, problems: Problems) -> None:
    for number, row in enumerate(rows):
        at = f"{path}[{number}]"
        check_name(row["segment"], partitions, "segment", f"{at}.segment", problems)
        known = partitions.get(row["segment"], {row["partition"]})
        check_name(row["partition"], known, f"partition of {row['segment']!r}", f"{at}.partition", problems)


def _date_fields(document: Document, category: str) -> set[str]:
    return {field["name"] for field in list_fields(document, category) if field["type"] == "date"}


def _check_expiry(expiry: dict[str, Any] | None, dates: set[str], path: str, problems: Problems) -> None:
    if expiry and expiry["kind"] == "field":
        check_name(expiry["name"], dates, "extended field of type date", f"{path}.name", problems)


def _check_trackers(program: dict[str, Any], path: str, problems: Problems) -> None:
    trackers = {tracker["name"] for tracker in program["trackers"]}
    for number, tier in enumerate(program["tiers"]):
        for key in ("upgrade", "renew"):
            for at, condition in _conditions(tier[key], f"{path}.tiers[{number}].{key}"):
                check_name(condition["tracker"], trackers, "tracker", f"{at}.tracker", problems)


def _check_gifts(program: dict[str, Any], series: set[str], dates: set[str], path: str, problems: Problems) -> None:
    for number, tier in enumerate(program["tiers"]):
        if gift := tier["on_entry"]:
            at = f"{path}.tiers[{number}].on_entry"
            check_name(gift["coupon_series"], series, "coupon series", f"{at}.coupon_series", problems)
            _check_expiry(gift["expiry"], dates, f"{at}.expiry", problems)


def _conditions(criteria: dict[str, Any] | None, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The conditions of an `upgrade` or `renew` with their paths: the single one, or the listed ones."""
    if criteria and criteria.get("based_on"):
        yield path, criteria
    for number, condition in enumerate((criteria or {}).get("conditions", [])):
        yield f"{path}.conditions[{number}]", condition
