"""What must fit together across a document? Every name that stands for something said elsewhere, and what may occur once only.

Works on a document that is right key by key (`document.DOCUMENT`), defaults filled in.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from organizations.organization_file.document import CATEGORIES, CUSTOMER_CATEGORIES, IDENTITY_FIELDS
from organizations.organization_file.problems import Problems

Document = Mapping[str, Any]
BINDINGS: Final = ("zones", "concepts", "card_series")
FIELD_SETTINGS: Final = ("CONF_LOYALTY_REGISTER_CUSTOMER_GENDER", "CONF_LOYALTY_REGISTER_CUSTOMER_AGE")
_WHAT: Final = {"zones": "zone", "concepts": "concept", "card_series": "card series"}


def check_references(document: Document, problems: Problems) -> None:
    """Note every dangling reference and everything that stands twice where it may stand once."""
    _Checker(document, problems).check()


def fields_of(document: Document, category: str) -> list[dict[str, Any]]:
    """The fields of one category; the section may be absent."""
    fields: list[dict[str, Any]] = (document["fields"] or {}).get(category, [])
    return fields


class _Checker:
    def __init__(self, document: Document, problems: Problems) -> None:
        self.document = document
        self.problems = problems
        self.codes: dict[str, set[str]] = {
            section: {row["code"] for row in document[section]}
            for section in ("zones", "concepts", "stores", "card_series", "coupon_series")
        }
        self.tills = {till["code"] for store in document["stores"] for till in store["tills"]}
        self.fields = {category: {one["name"]: one for one in fields_of(document, category)} for category in CATEGORIES}
        self.customer_fields = {name for category in CUSTOMER_CATEGORIES for name in self.fields[category]}

    def check(self) -> None:
        self._settings()
        self._identity_verification()
        self._stores()
        self._api_clients()
        self._programs()
        self._coupons_and_campaigns()
        for number, member in enumerate(self.document["staff"]):
            self._all(member["stores"], self.codes["stores"], f"staff[{number}].stores", "store")

    def _one(self, name: str | None, known: Collection[str], path: str, what: str) -> None:
        if name and name not in known:
            self.problems.add(path, f"there is no {what} {name!r}")

    def _all(self, names: Collection[str], known: Collection[str], path: str, what: str) -> None:
        for number, name in enumerate(names):
            self._one(name, known, f"{path}[{number}]", what)

    def _settings(self) -> None:
        for name in FIELD_SETTINGS:
            self._one(self.document["settings"].get(name), self.customer_fields, f"settings.{name}", "custom or extended field")
        fields = self.document["fields"] or {}
        self._one(fields.get("gender_field"), self.customer_fields, "fields.gender_field", "custom or extended field")

    def _identity_verification(self) -> None:
        verification = self.document["identity_verification"] or {}
        known = {*IDENTITY_FIELDS, *self.customer_fields}
        for name in ("mandatory", "optional"):
            self._all(verification.get(name, []), known, f"identity_verification.{name}", "field")

    def _stores(self) -> None:
        seen: set[str] = set()
        for number, store in enumerate(self.document["stores"]):
            path = f"stores[{number}]"
            self._one(store["zone"], self.codes["zones"], f"{path}.zone", "zone")
            self._one(store["concept"], self.codes["concepts"], f"{path}.concept", "concept")
            for position, till in enumerate(store["tills"]):
                if till["code"] in seen:
                    self.problems.add(f"{path}.tills[{position}].code", f"{till['code']!r} stands here twice")
                seen.add(till["code"])

    def _api_clients(self) -> None:
        for number, client in enumerate(self.document["api_clients"]):
            self._one(client["till"], self.tills, f"api_clients[{number}].till", "till")

    # --- programs

    def _programs(self) -> None:
        programs = self.document["programs"]
        defaults = [number for number, program in enumerate(programs) if program["default"]]
        if programs and not defaults:
            self.problems.add("programs", "exactly one must be the default")
        for number in defaults[1:]:
            self.problems.add(f"programs[{number}].default", f"exactly one may be the default, and programs[{defaults[0]}] is")
        self._bindings(programs)
        for number, program in enumerate(programs):
            path = f"programs[{number}]"
            for place, condition in enumerate(program["earning"]):
                self._rule(condition, program, f"{path}.earning[{place}]")
            if program["enrolment"]:
                self._expiry(program["enrolment"]["expiry"], f"{path}.enrolment.expiry")
            self._tiers(program, path)

    def _bindings(self, programs: list[dict[str, Any]]) -> None:
        kind: str | None = None
        taken: dict[str, str] = {}
        for number, program in enumerate(programs):
            bound = program["bound_to"] or {}
            for binding in (one for one in BINDINGS if bound.get(one)):
                path = f"programs[{number}].bound_to.{binding}"
                self._all(bound[binding], self.codes[binding], path, _WHAT[binding])
                if program["default"]:
                    self.problems.add(path, "the default program is everywhere")
                    continue
                kind = kind or binding
                if binding != kind:
                    self.problems.add(path, f"the programs of an organization are bound to one kind of thing, here {kind}")
                    continue
                for place, code in enumerate(bound[binding]):
                    if code in taken:
                        self.problems.add(f"{path}[{place}]", f"{code!r} is bound to the program {taken[code]!r} already")
                    taken.setdefault(code, program["name"])

    def _rule(self, rule: dict[str, Any], program: dict[str, Any], path: str) -> None:
        when = rule["when"] or {}
        for name in ("stores", "zones", "concepts"):
            self._all(when.get(name, []), self.codes[name], f"{path}.when.{name}", name.removesuffix("s"))
        tiers = {tier["name"] for tier in program["tiers"]}
        self._all(when.get("tiers", []), tiers, f"{path}.when.tiers", "tier")
        self._expiry(rule["expiry"], f"{path}.expiry")

    def _expiry(self, expiry: dict[str, Any] | None, path: str) -> None:
        if expiry and expiry["kind"] == "field":
            dates = {name for name, field in self.fields["extended"].items() if field["type"] == "date"}
            self._one(expiry["name"], dates, f"{path}.name", "extended field of type date")

    def _tiers(self, program: dict[str, Any], path: str) -> None:
        trackers = {tracker["name"] for tracker in program["trackers"]}
        for number, tier in enumerate(program["tiers"]):
            for name in ("upgrade", "renew"):
                for at, condition in _conditions(tier[name], f"{path}.tiers[{number}].{name}"):
                    self._one(condition["tracker"], trackers, f"{at}.tracker", "tracker")

    # --- what hangs on programs

    def _coupons_and_campaigns(self) -> None:
        for number, series in enumerate(self.document["coupon_series"]):
            self._all(series["stores"], self.codes["stores"], f"coupon_series[{number}].stores", "store")
        campaigns = self.document["referral_campaigns"]
        defaults = [number for number, campaign in enumerate(campaigns) if campaign["default"]]
        for number in defaults[1:]:
            path = f"referral_campaigns[{number}].default"
            self.problems.add(path, f"one may be the default, and referral_campaigns[{defaults[0]}] is")
        for number, campaign in enumerate(campaigns):
            for name in ("referrer_reward", "referee_reward"):
                reward = campaign[name] or {}
                path = f"referral_campaigns[{number}].{name}.coupon_series"
                self._one(reward.get("coupon_series"), self.codes["coupon_series"], path, "coupon series")


def _conditions(criteria: dict[str, Any] | None, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The conditions of an `upgrade` or `renew` with their paths: the single one, or the listed ones."""
    if criteria and "based_on" in criteria and criteria["based_on"]:
        yield path, criteria
    for number, condition in enumerate((criteria or {}).get("conditions", [])):
        yield f"{path}.conditions[{number}]", condition
