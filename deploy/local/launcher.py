"""Starts Ponte on this machine with one command and keeps it running until Ctrl-C.

Prepares what is not there yet (secrets, tables, demo data, trained model), starts Rasa, the
action server and the handoff service, waits until all answer, prints the addresses, starts
again what dies, and stops all in order.
"""

import contextlib
import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from deploy.local.keys import ensure_secret, make_private_folder, random_password, random_secret
from deploy.local.processes import Child, ProcessError, System
from deploy.local.training import MODEL, TrainingError, is_stale, train_if_stale
from desk.settings import Settings, SettingsError, load_settings

LOOK_EVERY_SECONDS = 0.5
ROTATE_EVERY_SECONDS = 30.0
FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 60.0
# A process that lived this long was well: its next restart comes at once again.
HEALTHY_SECONDS = 120.0


class LaunchError(Exception):
    """Ponte cannot start; the text says why, in one sentence."""


class StopRequested(BaseException):
    """A signal asked the launcher to end."""


def main() -> int:
    """Runs until a signal; 0 after an ordered end, 1 when it could not start."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _request_stop)
    try:
        settings = load_installation_settings()
        with only_launcher_of(settings.var_dir):
            check_ports(settings)
            run(System(settings))
    except StopRequested:
        return 0
    except (LaunchError, ProcessError, SettingsError, TrainingError) as error:
        print(f"ponte: {error}", file=sys.stderr)
        return 1
    return 0


def load_installation_settings() -> Settings:
    """The settings, with the secrets of this installation where the environment names none.

    The secret key and the demo password are only made in development: production names its
    own key and has no demo. The token between our own processes is made in both.
    """
    var_dir = Path(os.environ.get("PONTE_VAR_DIR") or "var")
    development = os.environ.get("PONTE_ENV", "development") == "development"
    secrets_dir = var_dir / "secrets"
    makers = {"PONTE_RASA_TOKEN": random_secret}
    if development:
        makers |= {"PONTE_SECRET_KEY": random_secret, "PONTE_DEMO_PASSWORD": random_password}
    load_settings(secret_key="-" * 32)  # a wrong setting is told before anything is made
    make_private_folder(var_dir)
    for name, make in makers.items():
        if not os.environ.get(name):
            file = secrets_dir / name.removeprefix("PONTE_").lower()
            os.environ[name] = ensure_secret(file, make)
    return load_settings()


@contextlib.contextmanager
def only_launcher_of(var_dir: Path) -> Iterator[None]:
    """Two launchers on one var folder would write one database by two services."""
    with (var_dir / "launcher.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LaunchError(f"Ponte already runs on {var_dir}; stop it first.") from error
        yield


def check_ports(settings: Settings) -> None:
    """Names a port that something else holds, before anything is started."""
    wanted = [
        (settings.host, settings.port, "PONTE_PORT"),
        ("127.0.0.1", settings.rasa_port, "PONTE_RASA_PORT"),
        ("127.0.0.1", settings.actions_port, "PONTE_ACTIONS_PORT"),
    ]
    for host, port, variable in wanted:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            # Connections of a former run that linger do not hold a port for a server.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise LaunchError(
                    f"port {port} cannot be used ({error.strerror}); free it or choose another "
                    f"with {variable}."
                ) from error


def run(system: System) -> None:
    """Prepares, starts, watches, and stops whatever happened."""
    say("preparing the database")
    system.prepare(seed=system.settings.env == "development")
    train(system)
    say("indexing the documentation (a minute the first time)")
    say(system.command("index-docs", "--only-folders", shows_progress=True).strip())
    say("starting Rasa, the action server and the handoff service")
    try:
        system.start()
        system.wait_until_ready()
        print(greeting(system), flush=True)
        watch(system)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        say("stopping")
        system.stop()


def train(system: System) -> None:
    """Trains if stale; with an older model a failure is told and Ponte starts all the same."""
    if is_stale():
        say("training the assistant (about a minute)")
    try:
        seconds = train_if_stale(system.logs / "train.log")
    except TrainingError as error:
        if not MODEL.exists():
            raise
        say(str(error))
    else:
        if seconds is not None:
            say(f"trained in {seconds:.0f} s")


def watch(system: System) -> None:
    """Starts again what dies, later each time, and keeps the logs in bounds."""
    lives = {name: Life() for name in system.children}
    rotate_at = time.monotonic() + ROTATE_EVERY_SECONDS
    while True:
        time.sleep(LOOK_EVERY_SECONDS)
        for name, child in system.children.items():
            if child.running:
                if not child.warm and child.ready():
                    say(f"{name} answers again")
                continue
            life = lives[name]
            if life.restart_at is None:
                mourn(system, child, life)
            elif time.monotonic() >= life.restart_at:
                life.started()
                system.start([name])
        if time.monotonic() >= rotate_at:
            rotate_at += ROTATE_EVERY_SECONDS
            for child in system.children.values():
                child.rotate_log()


class Life:
    """When a process was started and when it may be started again."""

    def __init__(self) -> None:
        self.restart_at: float | None = None
        self._backoff_seconds = FIRST_BACKOFF_SECONDS
        self._started_at = time.monotonic()

    def started(self) -> None:
        """It lives again."""
        self.restart_at = None
        self._started_at = time.monotonic()

    def ended(self) -> float:
        """It died; gives the seconds until it may be started again."""
        now = time.monotonic()
        if now - self._started_at >= HEALTHY_SECONDS:
            self._backoff_seconds = FIRST_BACKOFF_SECONDS
        pause_seconds = self._backoff_seconds
        self._backoff_seconds = min(pause_seconds * 2, LONGEST_BACKOFF_SECONDS)
        self.restart_at = now + pause_seconds
        return pause_seconds


def mourn(system: System, child: Child, life: Life) -> None:
    """Says that a process died and when it comes back."""
    code = child.exit_code
    how = f"signal {-code}" if code is not None and code < 0 else f"code {code}"
    system.kill_one(child.name)  # what it may have left in its group
    pause_seconds = life.ended()
    say(f"{child.name} ended ({how}); starting it again in {pause_seconds:.0f} s, log {child.log}")


def greeting(system: System) -> str:
    """The addresses, and the logins where there is a demo."""
    lines = ["", "Ponte is up.", system.command("logins").rstrip()]
    return "\n".join([*lines, f"  Logs              {system.logs}", "", "Ctrl-C stops it."])


def say(words: str) -> None:
    """One line to the person at the terminal."""
    print(f"ponte: {words}", flush=True)


def _request_stop(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise StopRequested


if __name__ == "__main__":
    sys.exit(main())
