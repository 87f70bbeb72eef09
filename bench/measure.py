"""What the benchmarks share: clocks, CPU time of processes, medians and their printing."""

import http.client
import json
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

# A benchmark takes no new samples after this, however many were asked for.
BOUND_MS = 120_000


class JsonConnection:
    """One kept-alive connection that speaks JSON; nearly free of cost of its own."""

    def __init__(self, base_url: str, headers: Mapping[str, str] | None = None) -> None:
        address = urlsplit(base_url)
        self._prefix = address.path
        self._headers = {"Content-Type": "application/json", **(headers or {})}
        self._http = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The JSON of an answer that must be a success."""
        content = None if body is None else json.dumps(body)
        self._http.request(method, self._prefix + path, content, self._headers)
        answer = self._http.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text) if text else None

    def close(self) -> None:
        """Closes the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class CpuClock:
    """CPU time of processes between two readings."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self.used_seconds = dict.fromkeys(pids, 0.0)
        self._before: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._before = {name: cpu_seconds(pid) for name, pid in self._pids.items()}
        return self

    def __exit__(self, *error: object) -> None:
        for name, pid in self._pids.items():
            self.used_seconds[name] += cpu_seconds(pid) - self._before[name]


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and of its children, from the kernel's own books."""
    return sum(_own_cpu_seconds(each) for each in _family(pid))


def _own_cpu_seconds(pid: int) -> float:
    # Nanoseconds of each thread; /proc/<pid>/stat counts in ticks of 10 ms, too coarse here.
    total_ns = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total_ns += int((task / "schedstat").read_text().split()[0])
        except OSError:
            continue  # the thread ended meanwhile
    return total_ns / 1e9


def _family(pid: int) -> list[int]:
    family = [pid]
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            family += _family(int(child))
    return family


class Stopwatch:
    """Milliseconds since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def ms(self) -> float:
        """Milliseconds until now."""
        return (time.perf_counter() - self._began) * 1000


def summary(samples: Sequence[float]) -> str:
    """Median and the spread that matters."""
    ordered = sorted(samples)
    p95 = ordered[min(len(ordered) - 1, round(len(ordered) * 0.95))]
    median = statistics.median(ordered)
    return f"median {median:7.1f} ms   p95 {p95:7.1f} ms   n {len(ordered)}"


def median_ratio(samples: Iterable[float], baseline: Iterable[float]) -> float:
    """How many times the baseline's median."""
    return statistics.median(samples) / statistics.median(baseline)
