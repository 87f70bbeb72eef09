"""The three processes of a running Ponte: how each is started, asked whether it is up, stopped.

The launcher, the tests and the benchmarks use the same class, so that what is tested is what
runs.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from deploy.local.keys import make_private_folder
from deploy.local.rasa_config import endpoints_path, rasa_environment, write_endpoints
from deploy.local.training import MODEL
from desk.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SERVICE_PYTHON = ROOT / ".venv" / "bin" / "python"
RASA = ROOT / ".venv-rasa" / "bin" / "rasa"
START_ORDER = ("rasa", "actions", "handoff")
READY_SECONDS = 240.0
STOP_GRACE_SECONDS = 15.0
LOG_BOUND_BYTES = 10 * 1024 * 1024
LOGS_KEPT = 5


class ProcessError(Exception):
    """A process did not come up; the text names it and shows the end of its log."""


@dataclass
class Child:
    """One process in a process group of its own."""

    name: str
    command: list[str]
    environment: dict[str, str]
    ready_url: str
    log: Path
    # Asked once after a start: the first text costs Rasa seconds, which no customer should wait.
    warm_up_url: str = ""
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _warm: bool = field(default=False, init=False)

    @property
    def pid(self) -> int:
        """The process, which is also its group."""
        if self._process is None:
            raise ProcessError(f"{self.name} was not started")
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll() if self._process else None

    @property
    def warm(self) -> bool:
        """Whether it has answered since it was started."""
        return self._warm

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Starts it; its output is appended to its log."""
        if self.running:
            raise ProcessError(f"{self.name} runs already")
        self._warm = False
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        finally:
            os.close(descriptor)

    def ready(self) -> bool:
        """Whether it answers that it can work."""
        try:
            with urllib.request.urlopen(self.ready_url, timeout=5) as answer:
                if answer.status != 200:
                    return False
            if self.warm_up_url and not self._warm:
                body = json.dumps({"text": "oi"}).encode()
                urllib.request.urlopen(self.warm_up_url, body, timeout=30).close()
        except (OSError, urllib.error.URLError, ValueError):
            return False
        self._warm = True
        return True

    def signal_group(self, number: int) -> None:
        """Signals it and what it started."""
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def stop(self, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
        """Asks it to end, and after the grace ends it."""
        if self._process is None:
            return
        if self.running:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(grace_seconds)
            except subprocess.TimeoutExpired:
                print(f"{self.name} did not stop in {grace_seconds:.0f} s; killed", flush=True)
        # Also what a process that ended left in its group.
        self.kill()

    def kill(self) -> None:
        """Ends it and its group at once, as a crash would."""
        self.signal_group(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def log_tail(self, lines: int = 25) -> str:
        """The last lines of its log."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def rotate_log(self) -> None:
        """Moves a full log aside by copying: the process goes on appending to the same file."""
        if not self.log.exists() or self.log.stat().st_size < LOG_BOUND_BYTES:
            return
        for number in range(LOGS_KEPT - 1, 0, -1):
            older = self.log.with_name(f"{self.log.name}.{number}")
            if older.exists():
                older.replace(self.log.with_name(f"{self.log.name}.{number + 1}"))
        shutil.copy2(self.log, self.log.with_name(f"{self.log.name}.1"))
        os.truncate(self.log, 0)


class Guardian:
    """Holds the process that cleans up if this one is killed; see `guardian.py`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-S", str(Path(__file__).with_name("guardian.py"))],
            stdin=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )

    def watch(self, group: int) -> None:
        """This group is to end when this process does."""
        self._say(f"+{group}\n")

    def forget(self, group: int) -> None:
        """This group has ended; its number may soon be somebody else's."""
        self._say(f"-{group}\n")

    def close(self) -> None:
        """Lets the guardian end."""
        with contextlib.suppress(BrokenPipeError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._process.wait()

    def _say(self, line: str) -> None:
        # Somebody may have killed the guardian; the launcher works without it.
        with contextlib.suppress(BrokenPipeError):
            if self._process.stdin is not None:
                self._process.stdin.write(line)
                self._process.stdin.flush()


class System:
    """The three processes of one installation."""

    def __init__(self, settings: Settings, model: Path = MODEL) -> None:
        self.settings = settings
        self.environment = environment_of(settings)
        self.logs = settings.var_dir / "logs"
        self.children = {
            child.name: child for child in children_of(settings, self.environment, model)
        }
        self._guardian: Guardian | None = None

    def prepare(self, *, seed: bool) -> None:
        """Makes the folders, Rasa's endpoints, the tables and, if wanted, the demo."""
        for folder in (self.settings.var_dir, self.logs):
            make_private_folder(folder)
        write_endpoints(self.settings)
        self.command("migrate")
        if seed:
            self.command("seed")

    def command(self, name: str, *arguments: str, shows_progress: bool = False) -> str:
        """Runs one of our own commands (`python -m handoff name`) and gives its output."""
        done = subprocess.run(
            [str(SERVICE_PYTHON), "-m", "handoff", name, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if shows_progress else subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            words = (done.stderr or done.stdout).strip()
            raise ProcessError(f"`python -m handoff {name}` failed:\n{words[-4000:]}")
        return done.stdout

    def start(self, names: Iterable[str] = START_ORDER) -> None:
        """Starts processes without waiting for them."""
        if self._guardian is None:
            self._guardian = Guardian()
        for name in names:
            child = self.children[name]
            child.start()
            self._guardian.watch(child.pid)

    def wait_until_ready(
        self,
        names: Iterable[str] = START_ORDER,
        timeout_seconds: float = READY_SECONDS,
    ) -> None:
        """Waits until each answers.

        Raises:
            ProcessError: one ended, or did not answer in time.
        """
        deadline = time.monotonic() + timeout_seconds
        waiting = list(names)
        while waiting:
            for name in waiting:
                child = self.children[name]
                if not child.running:
                    raise ProcessError(
                        f"{child.log_tail()}\n{name} ended with code {child.exit_code} while "
                        f"starting; its log is {child.log}"
                    )
            # One after the other: handoff asks the other two before it says that it is ready.
            if self.children[waiting[0]].ready():
                waiting.pop(0)
                continue
            if time.monotonic() > deadline:
                tails = "\n".join(self.children[name].log_tail() for name in waiting)
                raise ProcessError(
                    f"{tails}\n{waiting[0]} did not answer within {timeout_seconds:.0f} s; "
                    f"the logs are in {self.logs}"
                )
            time.sleep(0.2)

    def stop_one(self, name: str) -> None:
        """Stops one process and tells the guardian."""
        self._end(self.children[name], self.children[name].stop)

    def kill_one(self, name: str) -> None:
        """Kills one process (SIGKILL) and tells the guardian."""
        self._end(self.children[name], self.children[name].kill)

    def stop(self) -> None:
        """Stops all, the door to the customers first."""
        for name in reversed(START_ORDER):
            self.stop_one(name)
        if self._guardian is not None:
            self._guardian.close()
            self._guardian = None

    def _end(self, child: Child, end: Callable[[], None]) -> None:
        group = child.pid if child._process is not None else None
        end()
        if group is not None and self._guardian is not None:
            self._guardian.forget(group)


def environment_of(settings: Settings) -> dict[str, str]:
    """Our environment with every setting spelled out, so that all processes read the same."""
    environment = dict(os.environ)
    for name, value in settings.model_dump().items():
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        environment[f"PONTE_{name.upper()}"] = text
    environment["PONTE_VAR_DIR"] = str(settings.var_dir.absolute())
    environment["PYTHONPATH"] = str(ROOT)
    environment["PYTHONUNBUFFERED"] = "1"
    environment["OMP_WAIT_POLICY"] = "passive"
    return environment


def children_of(settings: Settings, environment: dict[str, str], model: Path) -> list[Child]:
    """How each process is started."""
    token = settings.rasa_token.get_secret_value()
    logs = settings.var_dir / "logs"
    handoff_host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104
    rasa_command = [
        *(str(RASA), "run", "--enable-api", "--auth-token", token),
        *("-i", "127.0.0.1", "-p", str(settings.rasa_port)),
        *("--endpoints", str(endpoints_path(settings))),
        *("--credentials", "credentials.yml", "--model", str(model)),
    ]
    return [
        Child(
            "rasa",
            rasa_command,
            environment | rasa_environment(settings),
            f"http://127.0.0.1:{settings.rasa_port}/status?token={token}",
            logs / "rasa.log",
            f"http://127.0.0.1:{settings.rasa_port}/model/parse?token={token}",
        ),
        Child(
            "actions",
            [str(SERVICE_PYTHON), "-m", "actions"],
            environment,
            f"http://127.0.0.1:{settings.actions_port}/health",
            logs / "actions.log",
        ),
        Child(
            "handoff",
            [str(SERVICE_PYTHON), "-m", "handoff", "serve"],
            environment,
            f"http://{handoff_host}:{settings.port}/readyz",
            logs / "handoff.log",
        ),
    ]
