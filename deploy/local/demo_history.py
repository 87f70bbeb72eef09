"""A year of demo data for this installation: tables, the demo, then everything that happened."""

import subprocess
import sys

from deploy.local.launcher import load_installation_settings
from deploy.local.processes import ROOT, ProcessError, System
from desk.settings import SettingsError


def main() -> int:
    """Prepares what is missing and writes the year; the progress is shown as it goes."""
    try:
        settings = load_installation_settings()
        system = System(settings)
        system.command("migrate")
        if settings.env == "development":
            system.command("seed")
    except (ProcessError, SettingsError) as error:
        print(f"ponte: {error}", file=sys.stderr)
        return 1
    command = [sys.executable, "-m", "handoff", "demo-history"]
    return subprocess.run(command, cwd=ROOT, env=system.environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
