import re
from pathlib import Path

from django.conf import settings

from loyalty_project.protocol.codes import TECHNICAL, Code, Transport

PROTOCOL = Path(settings.BASE_DIR) / "docs" / "protocol.md"


def documented_sentences() -> dict[int, str]:
    section = PROTOCOL.read_text(encoding="utf-8").partition("\n## 5. Codes")[2].partition("\n### 5.1")[0]
    return {int(code): sentence for code, sentence in re.findall(r"^\| (\d+) \| (.*?) \|", section, re.MULTILINE)}


def test_there_are_118_codes_in_ascending_order() -> None:
    assert len(Code) == 118
    assert list(Code) == sorted(Code)


def test_every_code_and_sentence_is_the_documented_one() -> None:
    documented = documented_sentences()
    documented[1000] = Code.DONE.sentence  # printed by each endpoint's own literal
    documented[1300] = documented[1300].partition(" / ")[0]  # of GET / of POST
    assert {int(code): code.sentence for code in Code} == documented


def test_a_code_is_a_number_with_a_sentence() -> None:
    assert (int(Code.INVALID_MOBILE), Code.INVALID_MOBILE.name) == (1001, "INVALID_MOBILE")
    assert Code.INVALID_MOBILE.sentence == "Unable to register. Invalid mobile number."


def test_the_transport_adds_codes_of_its_own() -> None:
    assert not {int(code) for code in Transport} & {int(code) for code in Code}


def test_only_warnings_have_places_to_fill() -> None:
    templated = [code for code in Code if "{" in code.sentence]
    assert all(91000 < code < 92000 for code in templated)
    assert all(set(re.findall(r"{.*?}", code.sentence)) <= {"{x}", "{y}"} for code in templated)


def test_technical_failures_are_as_documented() -> None:
    codes = PROTOCOL.read_text(encoding="utf-8").partition("Technical failures (")[2].partition(")")[0]
    single = codes.replace("1086 – 1099", ", ".join(map(str, range(1086, 1100))))
    assert {int(number) for number in single.split(", ")} == TECHNICAL
    assert {int(code) for code in [*Code, *Transport]} >= TECHNICAL
