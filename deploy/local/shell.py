"""`rasa shell` with everything that it needs: tables, a trained model, a running action server.

Arguments go on to Rasa, for example `--debug`; `interactive` as the first one teaches instead.
"""

import socket
import subprocess
import sys

from deploy.local.launcher import load_installation_settings
from deploy.local.processes import RASA, ROOT, ProcessError, System
from deploy.local.rasa_config import endpoints_path, rasa_environment
from deploy.local.training import MODEL, TrainingError, train_if_stale
from desk.settings import SettingsError


def main(arguments: list[str]) -> int:
    """Talks until the person ends it; an action server of our own lives as long."""
    try:
        settings = load_installation_settings()
        system = System(settings)
        system.prepare(seed=settings.env == "development")
        train_if_stale(system.logs / "train.log")
        actions = system.children["actions"]
        # A Ponte that runs on this machine already has one.
        if not actions.ready():
            system.start(["actions"])
            system.wait_until_ready(["actions"])
        # On a port of its own, so that a Ponte that runs is not in its way.
        chosen = ["shell", "-i", "127.0.0.1", "-p", str(free_port()), *arguments]
        if arguments[:1] == ["interactive"]:
            chosen = ["interactive", "-p", str(free_port()), *arguments[1:]]
        endpoints = ["--endpoints", str(endpoints_path(settings)), "--model", str(MODEL)]
        environment = system.environment | rasa_environment(settings)
        try:
            command = [str(RASA), *chosen, *endpoints]
            return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        finally:
            system.stop()
    except (ProcessError, SettingsError, TrainingError) as error:
        print(f"shell: {error}", file=sys.stderr)
        return 1


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
