"""A trained model behind the real `rasa run`, and what it costs."""

import os
import resource
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from bench.measure import JsonConnection, cpu_seconds
from deploy.local.training import RASA, ROOT
from tests.system import free_ports

READY_WITHIN_SECONDS = 300
WARM_UP = 20
ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "OMP_WAIT_POLICY": "passive",
    "PYTHONPATH": str(ROOT),
    "PYTHONHASHSEED": "0",
}


class Parsed(NamedTuple):
    """What Rasa makes of one sentence.

    `intent` is the likeliest one; `refused` tells that the fallback took its place.
    """

    intent: str
    confidence: float
    refused: bool
    entities: frozenset[tuple[str, int, int]]


class Training(NamedTuple):
    """A model on disk and the CPU time that it took, all processes together."""

    model: Path
    cpu_seconds: float


def default_config(folder: Path) -> Path:
    """The pipeline that Rasa chooses for a project of `rasa init`, read from its package."""
    package = next((RASA.parent.parent / "lib").glob("python*/site-packages/rasa"))
    config = yaml.safe_load(
        (package / "engine/recipes/config_files/default_config.yml").read_text()
    )
    config["language"] = "pt"
    path = folder / "default_config.yml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


def train(config: Path, folder: Path, name: str) -> Training:
    """Trains what understands, on the project's own data."""
    before = _children_cpu_seconds()
    with (folder / f"train-{name}.log").open("w") as log:
        subprocess.run(
            [
                *(str(RASA), "train", "nlu", "--config", str(config), "--nlu", "data"),
                *("--out", str(folder), "--fixed-model-name", name),
            ],
            cwd=ROOT,
            env=os.environ | ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=True,
        )
    return Training(folder / f"{name}.tar.gz", _children_cpu_seconds() - before)


def _children_cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Server:
    """A running Rasa that is asked what sentences mean."""

    def __init__(self, port: int, pid: int) -> None:
        self._connection = JsonConnection(f"http://127.0.0.1:{port}")
        self._pid = pid
        self.cpu_ms_a_message = 0.0

    def understand(self, texts: Sequence[str]) -> list[Parsed]:
        """What the sentences mean, one request each; also takes the CPU time of a message."""
        for text in texts[:WARM_UP]:
            self._parse(text)
        before = cpu_seconds(self._pid)
        answers = [self._parse(text) for text in texts]
        self.cpu_ms_a_message = (cpu_seconds(self._pid) - before) * 1000 / max(1, len(texts))
        return answers

    def resident_mb(self) -> float:
        """What the process holds in memory now."""
        status = Path(f"/proc/{self._pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def close(self) -> None:
        """Closes the connection; the process is ended by `running`."""
        self._connection.close()

    def _parse(self, text: str) -> Parsed:
        # The REST channel's bridge neutralises a slash too; the API would take it as an intent.
        found: dict[str, Any] = self._connection.call(
            "POST", "/model/parse", {"text": text.lstrip("/") or " "}
        )
        ranking = [each for each in found["intent_ranking"] if each["name"] != "nlu_fallback"]
        return Parsed(
            str(ranking[0]["name"]) if ranking else "",
            float(ranking[0]["confidence"]) if ranking else 0.0,
            found["intent"]["name"] in {"nlu_fallback", "out_of_scope"},
            frozenset((e["entity"], e["start"], e["end"]) for e in found["entities"]),
        )


@contextmanager
def running(model: Path) -> Iterator[Server]:
    """`rasa run` with the model on a port of its own, until the block ends."""
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="ponte-nlu-") as folder:
        endpoints = Path(folder) / "endpoints.yml"
        endpoints.write_text("{}\n")
        with (Path(folder) / "rasa.log").open("w") as log:
            process = subprocess.Popen(
                [
                    *(str(RASA), "run", "--enable-api", "-i", "127.0.0.1", "-p", str(port)),
                    *("--endpoints", str(endpoints), "--model", str(model)),
                ],
                cwd=ROOT,
                env=os.environ | ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait_until_ready(port, process, Path(folder) / "rasa.log")
            server = Server(port, process.pid)
            yield server
            server.close()
        finally:
            process.terminate()
            process.wait(60)


def _wait_until_ready(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(1)
    raise RuntimeError(f"Rasa did not answer:\n{log.read_text(errors='replace')[-2000:]}")
