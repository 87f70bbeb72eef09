"""How processes are started, stopped and cleaned up, on small stand-ins."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from deploy.local import processes
from deploy.local.processes import Child, ProcessError
from deploy.local.training import ROOT


def child(tmp_path: Path, code: str) -> Child:
    return Child(
        "stand-in",
        [sys.executable, "-u", "-c", textwrap.dedent(code)],
        dict(os.environ),
        "http://127.0.0.1:1/nobody",
        tmp_path / "stand-in.log",
    )


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return b"\nState:\tZ" not in Path(f"/proc/{pid}/status").read_bytes()


def wait_for_line(log: Path) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if log.exists() and "\n" in (text := log.read_text()):
            return text.strip()
        time.sleep(0.05)
    raise AssertionError("the stand-in printed nothing")


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while lives(pid):
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.05)


def test_stopping_ends_what_a_process_left_in_its_group(tmp_path: Path) -> None:
    parent = child(
        tmp_path,
        """
        import subprocess, sys, time
        print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid)
        time.sleep(60)
        """,
    )
    parent.start()
    grandchild = int(wait_for_line(parent.log))
    parent.stop()
    assert not parent.running
    wait_until_gone(grandchild)


def test_a_process_that_ignores_the_request_is_killed_after_the_grace(tmp_path: Path) -> None:
    stubborn = child(
        tmp_path,
        """
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("deaf")
        time.sleep(60)
        """,
    )
    stubborn.start()
    wait_for_line(stubborn.log)
    stubborn.stop(grace_seconds=0.3)
    assert stubborn.exit_code == -signal.SIGKILL


def test_a_process_is_not_started_twice(tmp_path: Path) -> None:
    once = child(tmp_path, "import time; time.sleep(60)")
    once.start()
    with pytest.raises(ProcessError, match="runs already"):
        once.start()
    once.kill()


def test_a_full_log_is_moved_aside_while_the_process_goes_on_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "LOG_BOUND_BYTES", 1)
    talker = child(
        tmp_path,
        """
        import time
        print("before")
        while True:
            time.sleep(0.05)
            print("after")
        """,
    )
    talker.start()
    wait_for_line(talker.log)
    talker.rotate_log()
    wait_for_line(talker.log)
    talker.rotate_log()
    later = wait_for_line(talker.log)
    talker.kill()
    assert later.splitlines()[0] == "after"
    assert (tmp_path / "stand-in.log.2").read_text().startswith("before")


def test_nothing_survives_a_launcher_that_was_killed(tmp_path: Path) -> None:
    launcher = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent("""
            import subprocess, sys, time
            from deploy.local.processes import Guardian
            child = subprocess.Popen(["sleep", "60"], start_new_session=True)
            guardian = Guardian()
            guardian.watch(child.pid)
            print(child.pid, flush=True)
            time.sleep(60)
            """),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert launcher.stdout is not None
    orphan = int(launcher.stdout.readline())
    launcher.kill()
    launcher.wait()
    launcher.stdout.close()
    wait_until_gone(orphan)
