"""`python -m bench`: every benchmark with its baseline, in one run on one machine."""

import argparse
import asyncio
import os
import platform

from bench import console, inbox, live, passages, reports, turn
from tests.system import temporary_system


def main() -> None:
    """Starts a system for the measurement, measures, prints."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parts = ("turn", "live", "console", "inbox", "passages", "reports")
    parser.add_argument("--only", choices=parts, help="one alone")
    parser.add_argument(
        "--conversations",
        type=int,
        default=reports.LARGE,
        help=f"how many the reports are measured with ({reports.LARGE})",
    )
    parser.add_argument("--count", type=int, default=60, help="samples of each kind (60)")
    parser.add_argument(
        "--engine",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="the database; postgresql needs the test server, and Redis for Rasa's locks",
    )
    arguments = parser.parse_args()
    count = max(1, min(arguments.count, 2000))
    print(
        f"Ponte on {arguments.engine}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    print("Times depend on the machine; the ratios are what to look at.")
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > cores / 2:
        print(f"The machine is busy with something else (load {load:.1f}): even ratios suffer.")
    print(flush=True)
    if arguments.only == "inbox":  # Its own databases, of a hundred thousand: some minutes.
        measured = asyncio.run(inbox.measure(arguments.engine, min(count, 20)))
        print(inbox.report(arguments.engine, inbox.LARGE, measured), flush=True)
        return
    if arguments.only == "passages":  # A database of its own, of a hundred thousand, too.
        print(passages.report(passages.measure(count)), flush=True)
        return
    if arguments.only in (None, "reports"):  # Databases of a million: some minutes.
        large = max(reports.SMALL, arguments.conversations)
        reported = asyncio.run(reports.measure(arguments.engine, min(count, 5), large))
        print(reports.report(arguments.engine, large, reported), "\n", flush=True)
        if arguments.only:
            return
    with temporary_system(arguments.engine) as system:
        if arguments.only in (None, "turn"):
            print(turn.report(turn.measure(system, count)), "\n", flush=True)
        if arguments.only in (None, "live"):
            print(live.report(live.measure(system, count)), "\n", flush=True)
        if arguments.only in (None, "console"):
            print(console.report(console.measure(system)), flush=True)


if __name__ == "__main__":
    main()
