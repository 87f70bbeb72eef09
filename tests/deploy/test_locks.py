"""The lock files say what the requirements ask for, and nothing about the machine."""

import re
from pathlib import Path

import pytest

from deploy.local.lock import LOCKS
from deploy.local.setup import REQUIREMENTS

NAMES = [name for name, _, _ in LOCKS]


def pins(name: str) -> dict[str, str]:
    """The versions of a lock file; of several for one package, the last."""
    text = (REQUIREMENTS / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE))


def asked(path: Path) -> set[str]:
    """The packages that a requirements file names, those that it includes among them."""
    names: set[str] = set()
    for line in path.read_text().splitlines():
        if line.startswith("-r "):
            names |= asked(path.parent / line[3:])
        elif found := re.match(r"[A-Za-z0-9._-]+", line):
            names.add(re.sub(r"[._]", "-", found.group()).lower())
    return names


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_is_asked_for_is_locked(name: str) -> None:
    assert asked(REQUIREMENTS / f"{name}.in") <= set(pins(name)), "run `make lock`"


@pytest.mark.parametrize("name", NAMES)
def test_every_package_is_locked_with_its_hashes(name: str) -> None:
    blocks = re.split(
        r"^(?=[a-z0-9._-]+==)", (REQUIREMENTS / f"{name}.txt").read_text(), flags=re.M
    )
    assert all("--hash=sha256:" in block for block in blocks[1:])


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_names_no_index_and_no_folder(name: str) -> None:
    text = (REQUIREMENTS / f"{name}.txt").read_text()
    assert not re.search(r"://|--(index-url|extra-index-url|find-links)|\s/\w", text)


def test_what_is_tested_is_what_runs() -> None:
    tested = pins("dev")
    assert {name: tested.get(name) for name in pins("service")} == pins("service")


def test_the_extra_models_changes_nothing_that_is_there_and_leaves_torch_to_the_installer() -> None:
    models, there = pins("models"), pins("dev")
    assert {name: there[name] for name in models if name in there}.items() <= models.items()
    assert "torch" not in models
    assert not [name for name in models if name.startswith(("nvidia-", "cuda-", "triton"))]
    assert asked(REQUIREMENTS / "torch.in") == {"torch"}
    assert "+" not in (REQUIREMENTS / "torch.in").read_text()
