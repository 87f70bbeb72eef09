"""Documentation that cannot rot: what exists is documented, what is documented exists."""

import re
from pathlib import Path

import pytest

from desk.settings import Settings
from desk.webhooks.kinds import EVENT_FACTS

ROOT = Path(__file__).parents[2]
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
PRODUCT_FOLDERS = ("actions", "desk", "handoff", "deploy", "bench", "tests", ".ci")


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_every_setting_is_in_the_table(field: str) -> None:
    assert f"| `PONTE_{field.upper()}` |" in SETTINGS


def test_the_table_names_no_setting_that_does_not_exist() -> None:
    documented = set(re.findall(r"^\| `(PONTE_[A-Z_]+)`", SETTINGS, re.MULTILINE))
    fields = {f"PONTE_{field.upper()}" for field in Settings.model_fields}
    others = {name for name in documented - fields if not _is_used(name)}
    assert not others


@pytest.mark.parametrize(
    "package", sorted(path.parent.name for path in ROOT.glob("desk/*/__init__.py"))
)
def test_every_package_of_the_desk_is_on_the_map(package: str) -> None:
    assert f"`desk/{package}`" in ARCHITECTURE


@pytest.mark.parametrize("path", re.findall(r"`((?:desk|handoff|deploy)/[\w/.]+)`", ARCHITECTURE))
def test_every_place_on_the_map_exists(path: str) -> None:
    assert (ROOT / path).exists()


LIBRARIES = re.findall(r"^\| ([a-z0-9, -]+?) \|", ARCHITECTURE.split("## Libraries")[1], re.M)


@pytest.mark.parametrize("library", LIBRARIES[1:])
def test_every_library_that_is_explained_is_required(library: str) -> None:
    required = "\n".join(path.read_text("utf-8") for path in ROOT.glob("requirements/*.in"))
    required += (ROOT / "requirements" / "browser.txt").read_text("utf-8")
    for name in library.split(", "):
        assert re.search(rf"^{re.escape(name)}\b", required, re.MULTILINE), name


@pytest.mark.parametrize("target", sorted(set(re.findall(r"make ([a-z][a-z-]+)", README))))
def test_every_make_target_in_the_readme_exists(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize(
    "link", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)", README + ARCHITECTURE)))
)
def test_every_relative_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_every_command_is_in_the_readme() -> None:
    source = (ROOT / "handoff" / "__main__.py").read_text("utf-8")
    for command in re.findall(r'add_parser\("([a-z-]+)"', source):
        assert f"`{command}`" in README


def _is_used(name: str) -> bool:
    return any(
        name in path.read_text("utf-8", errors="replace")
        for folder in PRODUCT_FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".sh", ""} and path.is_file() and path != Path(__file__)
    )


def test_every_kind_of_event_for_webhooks_is_documented_with_its_facts() -> None:
    rows = re.findall(
        r"^\| `([a-z_.]+)` \| (.+) \|$", (ROOT / "docs" / "webhooks.md").read_text("utf-8"), re.M
    )
    told = {kind: tuple(re.findall(r"`(\w+)`", facts)) for kind, facts in rows}
    assert told == dict(EVENT_FACTS)
