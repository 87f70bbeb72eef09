"""Everything that CI runs, one stage after the other, each with its duration.

`python -m deploy.local.stages` runs all; names choose some. The first failing stage ends it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from deploy.local.training import MODEL, ROOT, TrainingError, train_if_stale

BIN = ROOT / ".venv" / "bin"
RASA = ROOT / ".venv-rasa" / "bin" / "rasa"
VAR = Path(os.environ.get("PONTE_VAR_DIR") or ROOT / "var").absolute()
RESULTS = VAR / "test-results"
# What the browsers saw: every page, light, dark and on a phone, and the end of each journey.
ARTIFACTS = VAR / "artifacts"
RASA_ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "OMP_WAIT_POLICY": "passive",
    "PYTHONPATH": str(ROOT),
}

Stage = Callable[[], bool]


def main(names: list[str]) -> int:
    """Runs the named stages, or all; 1 at the first that fails."""
    stages = STAGES if not names else {name: STAGES[name] for name in names}
    began = time.monotonic()
    for name, stage in stages.items():
        print(f"── {name}", flush=True)
        stage_began = time.monotonic()
        good = stage()
        seconds = time.monotonic() - stage_began
        print(f"── {name}: {'ok' if good else 'FAILED'} in {seconds:.1f} s", flush=True)
        if not good:
            print(f"\nStopped at the stage `{name}`.", file=sys.stderr)
            tell_pictures(began)
            return 1
    print(f"\nAll {len(stages)} stages passed in {time.monotonic() - began:.0f} s.")
    tell_pictures(began)
    return 0


def tell_pictures(since: float) -> None:
    """Says where this run's pictures are."""
    began = time.time() - (time.monotonic() - since)
    taken = [each for each in ARTIFACTS.glob("*.png") if each.stat().st_mtime >= began]
    if taken:
        print(f"{len(taken)} pictures of what the browsers saw are in {ARTIFACTS}.")


def service(*command: str) -> Stage:
    """A command of the service environment."""
    return lambda: runs([str(BIN / command[0]), *command[1:]])


def rasa(*command: str) -> Stage:
    """A command of Rasa; what it writes goes under the var folder."""
    return lambda: runs([str(RASA), *command], RASA_ENVIRONMENT)


def runs(command: list[str], environment: dict[str, str] | None = None) -> bool:
    """Runs a command from the root with its output shown."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    return (
        subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | (environment or {}),
            stdin=subprocess.DEVNULL,
            check=False,
        ).returncode
        == 0
    )


def train() -> bool:
    """Trains if stale."""
    try:
        seconds = train_if_stale(RESULTS / "train.log")
    except TrainingError as error:
        print(error)
        return False
    print("the model is up to date" if seconds is None else f"trained in {seconds:.0f} s")
    return True


def understand() -> bool:
    """Asks the trained assistant the held-out sentences; false when a target is missed."""
    from bench.understanding.floors import fallen_short
    from bench.understanding.measuring import measure
    from bench.understanding.report import table
    from bench.understanding.server import running

    with running(MODEL) as server:
        measured = measure(server)
    print(table({"trained model": measured}))
    short = fallen_short(measured)
    for each in short:
        print(f"below its floor: {each}")
    return not short


STAGES: dict[str, Stage] = {
    "ruff": service("ruff", "check", "."),
    "format": service("ruff", "format", "--check", "."),
    "mypy": service("mypy"),
    "imports": service("lint-imports"),
    "templates": service("djlint", "handoff", "--lint", "--quiet"),
    "validate": rasa("data", "validate", "--fail-on-warnings"),
    "train": train,
    "dialogues": rasa(
        *("test", "core", "--e2e", "--stories", "tests/dialogues", "--model", str(MODEL)),
        *("--fail-on-prediction-errors", "--out", str(RESULTS / "dialogues"), "--no-plot"),
    ),
    "nlu": understand,
    "knowledge": service("python", "-m", "bench.knowledge"),
    # Tests of one file share a service and stay together; browsers get the machine to themselves.
    "service": service(
        *("pytest", "-m", "not journey", "--durations=10"),
        *("--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile"),
    ),
    "journeys": service("pytest", "-m", "journey", "--durations=10"),
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
