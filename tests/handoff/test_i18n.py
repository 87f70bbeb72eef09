"""The console speaks every language whole: each text is marked, translated, complete."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.messages import collect, read_catalogue
from desk.states import STATUS_LABELS
from handoff.i18n import LOCALES, SOURCE_LOCALE, _, catalogue, set_locale

ROOT = Path(__file__).parents[2]
CONSOLE = ROOT / "handoff" / "console"
OTHERS = [locale for locale in LOCALES if locale != SOURCE_LOCALE]
PLACE = re.compile(r"\{\w*\}|%\(\w+\)s")
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
# A block that fills an attribute, such as a class or an address.
INLINE_BLOCK = re.compile(r"\{% block \w+ %\}[a-z_ -]*\{% endblock \w+ %\}")
ATTRIBUTE = re.compile(r"[\w-]+=\"[^\"]*\"")
TAG = re.compile(r"<(?:\"[^\"]*\"|'[^']*'|[^>\"'])*>", re.DOTALL)
SAID_BY_ATTRIBUTE = re.compile(r"\s(?:aria-label|title|placeholder|alt)=\"([^\"]*)\"")
WORD = re.compile(r"[A-Za-zÀ-ÿ]{2,}")
# Names and units, the same in every language.
NAMES = {
    "Ponte",
    "CNPJ",
    "CSV",
    "Telegram",
    "WhatsApp",
    "Enter",
    "Esc",
    "Ctrl",
    "UTC",
    "nbsp",
    "webchat",
}


@pytest.fixture(autouse=True)
def _back_to_portuguese() -> Iterator[None]:
    yield
    set_locale(SOURCE_LOCALE)


@pytest.mark.parametrize("locale", OTHERS)
def test_every_text_of_the_console_is_translated(locale: str) -> None:
    collected = {str(message.id) for message in collect() if message.id}
    known = catalogue(locale)
    assert sorted(collected - known.keys()) == [], "run `make messages` and translate"
    listed = {str(message.id) for message in read_catalogue(locale) if message.id}
    assert sorted(listed - collected) == [], "run `make messages`"


@pytest.mark.parametrize("locale", OTHERS)
def test_a_translation_has_the_places_of_its_text(locale: str) -> None:
    wrong = [
        (text, translated)
        for text, translated in catalogue(locale).items()
        if sorted(PLACE.findall(text)) != sorted(PLACE.findall(translated))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "path", sorted(CONSOLE.rglob("*.html")), ids=lambda path: path.relative_to(CONSOLE).name
)
def test_a_template_says_nothing_that_is_not_marked_for_translation(path: Path) -> None:
    source = JINJA.sub(" ", INLINE_BLOCK.sub(" ", path.read_text("utf-8")))
    source = re.sub(r"<script.*?</script>|<svg.*?</svg>", " ", source, flags=re.DOTALL)
    said = (
        ATTRIBUTE.sub(" ", TAG.sub(" ", source)) + " " + " ".join(SAID_BY_ATTRIBUTE.findall(source))
    )
    assert sorted(set(WORD.findall(said)) - NAMES) == []


@pytest.mark.parametrize(
    "path", sorted(CONSOLE.rglob("*.js")), ids=lambda path: path.relative_to(CONSOLE).name
)
def test_a_script_says_nothing_that_is_not_marked_for_translation(path: Path) -> None:
    source = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", " ", path.read_text("utf-8"), flags=re.DOTALL)
    marked = re.sub(r"\bt\(\s*([\"'`])(?:(?!\1)[^\\]|\\.)*\1", " ", source)
    unmarked = re.findall(r"([\"'`])((?:(?!\1)[^\\\n]|\\.)*)\1", marked)
    assert [text for _quote, text in unmarked if re.search(r"[À-ÿ]", text)] == []


def test_the_desk_s_statuses_are_translated() -> None:
    set_locale("en")
    assert [_(label) for label in STATUS_LABELS.values()] == [
        "Open",
        "In service",
        "Waiting",
        "Resolved",
        "Closed",
    ]


def test_an_unknown_language_is_portuguese() -> None:
    set_locale("xx")
    assert _("Aberto") == "Aberto"
