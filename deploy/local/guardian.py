"""Stops the children of a launcher that died without stopping them (kill -9, out of memory).

The launcher holds the other end of this process's standard input and writes `+group` for each
process group that it starts, `-group` for each that ended. When the pipe closes, whatever is
left is stopped. The guardian has a session of its own, so that a signal to the launcher's
group or a closed terminal does not reach it.
"""

import os
import signal
import sys
import time

GRACE_SECONDS = 10.0


def main() -> None:
    """Reads until the launcher is gone, then stops what it left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: list[int] = []
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.append(group)
        elif group in groups:
            groups.remove(group)
    # The last started first: the door to the customers closes before what stands behind it.
    for group in reversed(groups):
        send(group, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while groups and time.monotonic() < deadline:
        groups = [group for group in groups if send(group, 0)]
        time.sleep(0.1)
    for group in groups:
        send(group, signal.SIGKILL)


def send(group: int, number: int) -> bool:
    """Signals a process group; False when nobody is left in it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
