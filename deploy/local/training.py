"""Trains the assistant when what it is made of has changed, and only then."""

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RASA = ROOT / ".venv-rasa" / "bin" / "rasa"
MODELS = ROOT / "models"
MODEL = MODELS / "ponte.tar.gz"
STAMP = MODELS / "ponte.sha256"
SOURCES = ("data", "domain.yml", "config.yml", "nlu", "requirements/rasa.txt")
LOG_TAIL_LINES = 30


class TrainingError(Exception):
    """Rasa could not train; the text says where its own words are."""


def fingerprint(root: Path = ROOT) -> str:
    """One hash over everything that a model is made of, names included."""
    digest = hashlib.sha256()
    for path in source_files(root):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def source_files(root: Path) -> Iterator[Path]:
    """Yields the files in a fixed order, without what Python and editors leave behind."""
    for source in SOURCES:
        path = root / source
        if path.is_file():
            yield path
        for file in sorted(path.rglob("*")):
            leftover = file.name.startswith(".") or file.suffix == ".pyc"
            if file.is_file() and not leftover:
                yield file


def is_stale() -> bool:
    """Whether there is no model or it was made of something else."""
    try:
        return STAMP.read_text() != fingerprint() or not MODEL.exists()
    except FileNotFoundError:
        return True


def train_if_stale(log: Path) -> float | None:
    """Trains when needed; the old model stays in its place until the new one is complete.

    Returns:
        The seconds that it took; None when the model was up to date.

    Raises:
        TrainingError: Rasa failed; an old model, if any, is untouched.
    """
    if not is_stale():
        return None
    MODELS.mkdir(exist_ok=True)
    folder = os.open(MODELS, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        # Another process may have trained while this one waited for the lock.
        return _train(log) if is_stale() else None
    finally:
        os.close(folder)


def _train(log: Path) -> float:
    wanted = fingerprint()
    began = time.monotonic()
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [str(RASA), "train", "--out", str(MODELS), "--fixed-model-name", MODEL.stem[:-4]]
    environment = os.environ | {
        "RASA_TELEMETRY_ENABLED": "false",
        "OMP_WAIT_POLICY": "passive",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONPATH": str(ROOT),
        # Two trainings of the same data give the same model.
        "PYTHONHASHSEED": "0",
    }
    with log.open("w") as output:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode or not MODEL.exists():
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
        kept = "the old model stays in use" if MODEL.exists() else "there is no older model"
        raise TrainingError(f"{tail}\nTraining failed ({log}); {kept}.")
    STAMP.write_text(wanted)
    return time.monotonic() - began


def main() -> int:
    """Trains if stale, for `make train` and the tests."""
    from desk.settings import load_settings

    try:
        seconds = train_if_stale(load_settings().var_dir / "logs" / "train.log")
    except TrainingError as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    print("train: the model is up to date" if seconds is None else f"train: {seconds:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
