"""A running Ponte for tests and benchmarks: the three real processes on ports of their own."""

import os
import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pydantic import SecretStr

from deploy.local.keys import random_secret
from deploy.local.processes import START_ORDER, System
from deploy.local.training import train_if_stale
from desk.settings import Settings, load_settings
from tests.postgresql import PostgresDatabases

DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/9"
DEMO_PASSWORD = "senha-da-demo-" + secrets.token_hex(4)  # shared by all systems of a session


class RunningSystem:
    """One installation in a temporary var folder, with the demo seeded and no automatic restart."""

    def __init__(
        self, var_dir: Path, *, database_url: str = "", redis_url: str = "", **settings: object
    ) -> None:
        port, rasa_port, actions_port = free_ports(3)
        self.settings: Settings = load_settings(
            env="development",
            var_dir=var_dir,
            host="127.0.0.1",
            port=port,
            rasa_port=rasa_port,
            actions_port=actions_port,
            public_url=f"http://127.0.0.1:{port}",
            rasa_url="",
            actions_url="",
            database_url=database_url,
            redis_url=redis_url,
            smtp_url="",
            secret_key=SecretStr(random_secret()),
            rasa_token=SecretStr(random_secret()),
            demo_password=SecretStr(DEMO_PASSWORD),
            **settings,
        )
        self.demo_password = DEMO_PASSWORD
        self.base_url = self.settings.public_url
        self.rasa_url = self.settings.rasa_url
        self.rasa_token = self.settings.rasa_token.get_secret_value()
        self.database_url = self.settings.database_url
        self.var_dir = var_dir
        self._system = System(self.settings)

    def start(self, *names: str) -> None:
        """Starts all processes, or those named, and waits until they answer."""
        chosen = names or START_ORDER
        if not names:
            train_if_stale(self.settings.var_dir / "logs" / "train.log")
            self._system.prepare(seed=True)
        self._system.start(chosen)
        self.wait_until_ready(*chosen)

    def wait_until_ready(self, *names: str) -> None:
        """Waits until all, or those named, answer."""
        self._system.wait_until_ready(names or START_ORDER)

    def stop(self, *names: str) -> None:
        """Stops all in order, or those named."""
        if not names:
            self._system.stop()
        for name in names:
            self._system.stop_one(name)

    def kill(self, name: str) -> None:
        """SIGKILL, as a crash or a power cut of that process."""
        self._system.kill_one(name)

    def restart(self, name: str) -> None:
        """Stops one process if it runs, starts it and waits until it answers."""
        self._system.stop_one(name)
        self.start(name)

    def running(self, name: str) -> bool:
        """Whether a process lives."""
        return self._system.children[name].running

    def pid(self, name: str) -> int:
        """The number of a process."""
        return self._system.children[name].pid

    def ensure_running(self) -> None:
        """Starts again what a former test killed."""
        dead = [name for name in START_ORDER if not self.running(name)]
        if dead:
            self._system.start(dead)
        self.wait_until_ready()

    def command(self, name: str, *arguments: str) -> str:
        """Runs `python -m handoff name` on this installation and gives its output."""
        return self._system.command(name, *arguments)

    def log(self, name: str) -> str:
        """The whole log of a process."""
        path = self._system.children[name].log
        return path.read_text(errors="replace") if path.exists() else ""

    def log_tails(self) -> dict[str, str]:
        """The last lines of each log."""
        return {name: child.log_tail(40) for name, child in self._system.children.items()}


class RunningSystems:
    """The systems of a test session by kind, each started when first asked for."""

    def __init__(
        self,
        new_folder: Callable[[], Path],
        postgres_databases: Callable[[], PostgresDatabases],
    ) -> None:
        self._new_folder = new_folder
        self._postgres_databases = postgres_databases
        self._systems: dict[str, RunningSystem] = {}

    def get(self, kind: str) -> RunningSystem:
        """A running system: `sqlite`, or `postgresql` with Redis for Rasa's locks."""
        if kind not in self._systems:
            system = self._make(kind)
            # Kept before it is started, so that a failed start is stopped too.
            self._systems[kind] = system
            system.start()
        return self._systems[kind]

    def stop(self) -> None:
        """Stops them all."""
        for system in self._systems.values():
            system.stop()

    def _make(self, kind: str) -> RunningSystem:
        if kind == "sqlite":
            return RunningSystem(self._new_folder())
        return RunningSystem(
            self._new_folder(),
            database_url=self._postgres_databases().clone(),
            redis_url=redis_for_tests(),
        )


def redis_for_tests() -> str:
    """The Redis of the tests; a clear sentence when none answers."""
    url = os.environ.get("PONTE_TEST_REDIS_URL") or DEFAULT_REDIS_URL
    host, _, port = url.split("//")[1].split("/")[0].rpartition("@")[2].partition(":")
    try:
        socket.create_connection((host, int(port or 6379)), timeout=5).close()
    except OSError as error:
        raise RuntimeError(
            f"These tests need a Redis server and none answers at {url}: start one, or name "
            "another with PONTE_TEST_REDIS_URL."
        ) from error
    return url


@contextmanager
def temporary_system(kind: str = "sqlite") -> Iterator[RunningSystem]:
    """A running system outside pytest, for benchmarks and screenshots."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ponte-")))
        databases = PostgresDatabases()
        stack.callback(databases.drop_all)
        systems = RunningSystems(lambda: folder, lambda: databases)
        stack.callback(systems.stop)
        yield systems.get(kind)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on right now."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
