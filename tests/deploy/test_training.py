"""When the assistant is trained again."""

import subprocess
from pathlib import Path

import pytest

from deploy.local import training
from deploy.local.training import TrainingError, fingerprint, train_if_stale


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small checkout whose `rasa` is a script."""
    (tmp_path / "data" / "tickets").mkdir(parents=True)
    (tmp_path / "data" / "tickets" / "nlu.yml").write_text("nlu: []\n")
    (tmp_path / "nlu").mkdir()
    (tmp_path / "nlu" / "tokenizer.py").write_text("pass\n")
    (tmp_path / "domain.yml").write_text("intents: []\n")
    models = tmp_path / "models"
    monkeypatch.setattr(training, "ROOT", tmp_path)
    monkeypatch.setattr(training, "MODELS", models)
    monkeypatch.setattr(training, "MODEL", models / "ponte.tar.gz")
    monkeypatch.setattr(training, "STAMP", models / "ponte.sha256")
    monkeypatch.setattr(training, "RASA", tmp_path / "rasa")
    monkeypatch.setattr(training, "fingerprint", lambda: fingerprint(tmp_path))
    rasa_says(tmp_path, "echo trained > models/ponte.tar.gz; echo run >> runs")
    return tmp_path


def rasa_says(root: Path, script: str) -> None:
    (root / "rasa").write_text(f"#!/bin/sh\n{script}\n")
    (root / "rasa").chmod(0o755)


def runs(root: Path) -> int:
    return len((root / "runs").read_text().splitlines())


def test_what_did_not_change_is_not_trained_again(root: Path) -> None:
    log = root / "train.log"
    assert train_if_stale(log) is not None
    assert train_if_stale(log) is None
    assert runs(root) == 1


@pytest.mark.parametrize("changed", ["data/tickets/nlu.yml", "nlu/tokenizer.py", "domain.yml"])
def test_every_source_of_the_model_counts(root: Path, changed: str) -> None:
    train_if_stale(root / "train.log")
    (root / changed).write_text("# changed\n")
    train_if_stale(root / "train.log")
    assert runs(root) == 2


def test_a_renamed_file_counts_and_compiled_python_does_not(root: Path) -> None:
    train_if_stale(root / "train.log")
    (root / "nlu" / "__pycache__").mkdir()
    (root / "nlu" / "__pycache__" / "tokenizer.cpython-310.pyc").write_bytes(b"\0")
    assert train_if_stale(root / "train.log") is None
    (root / "data" / "tickets").rename(root / "data" / "chamados")
    assert train_if_stale(root / "train.log") is not None


def test_a_failed_training_leaves_the_old_model_and_is_tried_again(root: Path) -> None:
    train_if_stale(root / "train.log")
    (root / "domain.yml").write_text("intents: [broken\n")
    rasa_says(root, "echo 'domain.yml is broken'; exit 1")
    for _ in range(2):
        with pytest.raises(TrainingError, match=r"(?s)domain.yml is broken.*old model stays"):
            train_if_stale(root / "train.log")
    assert (root / "models" / "ponte.tar.gz").read_text() == "trained\n"


def test_the_first_training_that_fails_says_that_there_is_no_model(root: Path) -> None:
    rasa_says(root, "exit 1")
    with pytest.raises(TrainingError, match="no older model"):
        train_if_stale(root / "train.log")


def test_the_fingerprint_is_of_this_checkout() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "data", "nlu"],
        cwd=training.ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    found = {
        path.relative_to(training.ROOT).as_posix() for path in training.source_files(training.ROOT)
    }
    assert set(tracked) <= found
