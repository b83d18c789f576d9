import time

import pytest

from loyalty_project.patterns import LENGTH, PatternError, check_pattern, matches_whole


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("[A-Z]{2}[0-9]+", "NW12", True),
        ("[A-Z]{2}[0-9]+", "NW12-", False),
        ("[A-Z]{2}[0-9]+", "-NW12", False),
        ("a|ab", "ab", True),
        (r"\p{L}+", "şişli", True),
        ("(?i)nw-.+", "NW-\u674e", True),
        (r"\d+", "\u0661", False),
    ],
)
def test_a_pattern_matches_the_whole_text(pattern: str, text: str, expected: object) -> None:
    check_pattern(pattern)
    assert matches_whole(pattern, text) is expected


@pytest.mark.parametrize(
    "pattern", ["(", "[", "(?=a)", "(?<!a)b", r"(a)\1", "(?>a)", "a{1,2000}", "(a{100}){100}", r"(\p{L}?){1000}"]
)
def test_what_cannot_run_in_linear_time_is_refused_with_a_reason(pattern: str) -> None:
    with pytest.raises(PatternError, match=r"^must be a regular expression of RE2 syntax: .+"):
        check_pattern(pattern)


def test_a_pattern_that_is_too_long_is_refused() -> None:
    check_pattern("x" * LENGTH)
    with pytest.raises(PatternError, match=r"^must be text of at most 500 characters$"):
        check_pattern("x" * (LENGTH + 1))


@pytest.mark.parametrize("pattern", ["(a+)+", "(a|a)+", "(a|aa)+", "(.*a){20}", "(?:.?){1000}x"])
def test_no_pattern_holds_a_process(pattern: str) -> None:
    check_pattern(pattern)
    started = time.process_time()
    assert not matches_whole(pattern, "a" * 249 + "!")
    assert time.process_time() - started < 0.5
