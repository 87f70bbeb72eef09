"""A progress bar for long work at a terminal; one line now and then where there is none."""

import sys
import time

_BAR_CHARS = 30
_LINE_EVERY_SECONDS = 10.0
_SHORTEST_SECONDS = 1e-3


class ProgressBar:
    """Shows how much of some work is done, how fast, and the time that is left.

    Work that is done makes room for the next, which is timed by itself.
    """

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._began = time.monotonic()
        self._line_at = self._began

    def show(self, done: int, total: int) -> None:
        """``done`` of ``total``."""
        now = time.monotonic()
        rate = done / max(now - self._began, _SHORTEST_SECONDS)
        left = (total - done) / rate if done else 0.0
        words = f"{done}/{total} {self._unit}, {rate:.1f}/s, {left:.0f} s left"
        if sys.stderr.isatty():
            filled = _BAR_CHARS * done // max(total, 1)
            end = "\n" if done >= total else ""
            bar = "█" * filled + "·" * (_BAR_CHARS - filled)
            print(f"\r{bar} {words}\033[K", end=end, file=sys.stderr, flush=True)
        elif now - self._line_at >= _LINE_EVERY_SECONDS:
            self._line_at = now
            print(words, file=sys.stderr, flush=True)
        if done >= total:
            self._began = now
