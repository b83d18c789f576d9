"""The catalogues have every word of the desk and its lists, with the same values and marks, and are compiled."""

import re
from gettext import GNUTranslations
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog

from scripts.messages import LANGUAGES, catalog_path, code_messages, collect, compiled, read_catalog, template_messages

_VALUE = re.compile(r"%\(\w+\)s|%%|\{\w*\}|</?\w+")
# Forms that count one or two things, and say so in the word itself.
_COUNTS = {"%(number)s", "%(amount)s", "%(times)s"}


@pytest.fixture(scope="module")
def words() -> Catalog:
    return collect()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_is_translated_with_its_values(words: Catalog, language: str) -> None:
    catalog = read_catalog(language)
    wrong = []
    for word in words:
        if not word.id:
            continue
        key = word.id if isinstance(word.id, str) else word.id[0]
        known = catalog.get(key, context=word.context)
        if known is None or known.fuzzy or not known.string:
            wrong.append(f"not translated: {word.id}")
            continue
        texts = [known.string] if isinstance(known.string, str) else list(known.string)
        expected = sorted(_VALUE.findall(word.id if isinstance(word.id, str) else word.id[1]))
        wrong += [
            f"other values: {text}"
            for text in texts
            if sorted(_VALUE.findall(text)) != expected and not _is_a_count(text, expected)
        ]
    assert wrong == []


def _is_a_count(text: str, expected: list[str]) -> bool:
    return sorted([*_VALUE.findall(text), *_COUNTS & set(expected)]) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_no_words_that_are_gone(words: Catalog, language: str) -> None:
    known = {(word.context, word.id if isinstance(word.id, str) else word.id[0]) for word in words if word.id}
    catalog = read_catalog(language)
    assert [
        word.id
        for word in catalog
        if word.id and (word.context, word.id if isinstance(word.id, str) else word.id[0]) not in known
    ] == []
    assert not catalog.obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_says_what_the_source_says(language: str) -> None:
    stored = catalog_path(language).with_suffix(".mo").read_bytes()
    shown, fresh = (GNUTranslations(BytesIO(content)) for content in (stored, compiled(read_catalog(language))))
    assert shown._catalog == fresh._catalog  # type: ignore[attr-defined]  # the dictionary of all words


def test_words_of_code_are_those_that_are_marked_or_shown() -> None:
    source = (
        'title = "tier"\n'
        'a = gettext("Save"), ngettext("%(n)s hit", "%(n)s hits", n), log("Not shown")\n'
        'b = table("Cards", ("Number", strong("Series")), rows, empty="No cards.")\n'
        'c = points_column("balance", "Balance")\n'
    )
    shown = ["Save", ("%(n)s hit", "%(n)s hits"), "Cards", "No cards.", "Number", "Series", "Balance", "tier"]
    assert sorted(map(str, code_messages(source, is_page=True))) == sorted(map(str, shown))
    assert list(code_messages(source, is_page=False)) == ["Save", ("%(n)s hit", "%(n)s hits")]


def test_words_of_a_template_keep_their_values_and_contexts() -> None:
    source = (
        "{% load i18n %}{% translate 'Save' %}{% translate 'Open' context 'work' %}"
        "{% blocktranslate trimmed count hits=3 %}{{ hits }} hit{% plural %}{{ hits }} hits{% endblocktranslate %}"
    )
    first, contextual, plural = template_messages(source)
    assert (first, plural) == ("Save", ("%(hits)s hit", "%(hits)s hits"))
    assert (contextual.context, contextual.text) == ("work", "Open")  # type: ignore[union-attr]
