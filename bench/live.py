"""From one person's message to another's screen.

While a person owns the conversation: the customer writes and the agent's console hears of it on
its WebSocket; the agent writes and the customer's page has it on its stream. Against the least
that a chat service can do: insert one row durably, send it to a WebSocket (`bare.py`). All
three alternate, so that they see the same machine.
"""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from websockets.sync.client import connect
from websockets.sync.connection import Connection

from bench.customer import WAIT_SECONDS, Customer
from bench.measure import BOUND_MS, CpuClock, JsonConnection, Stopwatch, median_ratio, summary
from deploy.local.processes import ROOT, SERVICE_PYTHON
from tests.system import RunningSystem, free_ports
from tests.webchat import Agent

BARE_READY_SECONDS = 30


@dataclass
class LiveTimes:
    """What was measured, in milliseconds."""

    bare: list[float] = field(default_factory=list)
    to_agent: list[float] = field(default_factory=list)
    to_customer: list[float] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)


def measure(system: RunningSystem, messages: int, warm_up: int = 5) -> LiveTimes:
    """Sends `messages` each way, after a warm-up."""
    times = LiveTimes()
    agent = Agent(system)
    with (
        Customer(system, "Caio") as customer,
        console(system, agent) as screen,
        bare_service(system) as (bare_pid, bare_url),
        JsonConnection(bare_url) as bare,
        connect(f"{bare_url.replace('http', 'ws')}/live", compression=None) as listener,
    ):
        customer.request_person()
        agent.claim(customer.conversation).raise_for_status()
        pids = {"bare": bare_pid, "to_agent": system.pid("handoff")}
        bare_cpu = CpuClock({"bare": bare_pid})
        agent_cpu = CpuClock({"to_agent": pids["to_agent"]})
        customer_cpu = CpuClock({"to_customer": pids["to_agent"]})
        bound = Stopwatch()
        for number in range(-warm_up, messages):
            if times.bare and bound.ms() > BOUND_MS:
                break
            text = f"Mensagem número {number}"
            with bare_cpu:
                watch = Stopwatch()
                bare.call("POST", "/messages", {"text": text})
                listener.recv(timeout=WAIT_SECONDS)
                bare_ms = watch.ms()
            drain(screen)
            with agent_cpu:
                watch = Stopwatch()
                before = customer.say(text)
                wait_for_conversation(screen, customer.conversation)
                to_agent_ms = watch.ms()
            with customer_cpu:
                watch = Stopwatch()
                agent.say(customer.conversation, text).raise_for_status()
                customer.wait_for_reply(after=before)
                to_customer_ms = watch.ms()
            if number < 0:
                for clock in (bare_cpu, agent_cpu, customer_cpu):
                    clock.used_seconds = dict.fromkeys(clock.used_seconds, 0.0)
                continue
            times.bare.append(bare_ms)
            times.to_agent.append(to_agent_ms)
            times.to_customer.append(to_customer_ms)
        times.cpu = bare_cpu.used_seconds | agent_cpu.used_seconds | customer_cpu.used_seconds
    agent.close()
    return times


@contextmanager
def console(system: RunningSystem, agent: Agent) -> Iterator[Connection]:
    """The agent's console as a WebSocket that listens."""
    token = str(agent.client.headers["Authorization"]).removeprefix("Bearer ")
    url = f"{system.base_url.replace('http', 'ws')}/console/live"
    headers = {"Cookie": f"ponte_session={token}", "Origin": system.base_url}
    with connect(url, additional_headers=headers, compression=None) as screen:
        yield screen


def drain(screen: Connection, quiet_seconds: float = 0.03) -> None:
    """Reads what is left of earlier changes, until nothing comes for a moment."""
    while True:
        try:
            screen.recv(timeout=quiet_seconds)
        except TimeoutError:
            return


def wait_for_conversation(screen: Connection, conversation: str) -> None:
    """Waits until the console is told that this conversation changed."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        push = json.loads(screen.recv(timeout=WAIT_SECONDS))
        if conversation in push.get("conversations", ()):
            return
    raise TimeoutError("the console was told nothing")


@contextmanager
def bare_service(system: RunningSystem) -> Iterator[tuple[int, str]]:
    """The baseline on a port of its own and a database of the same kind."""
    (port,) = free_ports(1)
    url = system.database_url
    if url.startswith("sqlite"):
        url = f"sqlite+aiosqlite:///{system.var_dir.absolute() / 'bare.db'}"
    service = subprocess.Popen(
        [str(SERVICE_PYTHON), "-m", "bench.bare", str(port), url],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
    )
    base_url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(f"{base_url}/readyz")
        yield service.pid, base_url
    finally:
        service.terminate()
        service.wait(10)


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + BARE_READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def report(times: LiveTimes) -> str:
    """The lines for a person."""
    count = len(times.bare)
    rows = (
        ("bare insert and broadcast", times.bare, "bare"),
        ("customer → agent's console", times.to_agent, "to_agent"),
        ("agent → customer's page", times.to_customer, "to_customer"),
    )
    lines = ["A person's message until it is on another's screen"]
    for title, samples, name in rows:
        cpu_ms = times.cpu[name] / count * 1000
        ratio = median_ratio(samples, times.bare)
        lines.append(
            f"  {title:<27} {summary(samples)}   ratio {ratio:4.1f}   CPU {cpu_ms:4.1f} ms"
        )
    return "\n".join(lines)
