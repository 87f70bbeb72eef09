"""What Ponte adds to a turn of the bot.

The same question, by an identified customer, (a) through the web-chat API until the reply is on
the customer's live stream and (b) straight to Rasa's REST webhook. Both go through NLU,
policies, the action server and the desk; (a) also stores, orders, leases and delivers. The two
alternate, so that both see the same machine.
"""

from dataclasses import dataclass, field

from bench.customer import Customer
from bench.measure import BOUND_MS, CpuClock, JsonConnection, Stopwatch, median_ratio, summary
from tests.system import RunningSystem

QUESTION = "menu"
AIM = 1.15
TURNS_A_CONVERSATION = 10


@dataclass
class TurnTimes:
    """What was measured."""

    through_ponte_ms: list[float] = field(default_factory=list)
    straight_to_rasa_ms: list[float] = field(default_factory=list)
    cpu_through_ponte: dict[str, float] = field(default_factory=dict)
    cpu_straight_to_rasa: dict[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """How many times as long a turn takes with Ponte around it."""
        return median_ratio(self.through_ponte_ms, self.straight_to_rasa_ms)


def measure(system: RunningSystem, turns: int) -> TurnTimes:
    """Asks `turns` times each way, in conversations of ordinary length.

    Rasa reads a whole session again at every turn: an endless one would make it, and so the
    baseline, slower than any customer sees it.
    """
    times = TurnTimes()
    pids = {name: system.pid(name) for name in ("handoff", "rasa", "actions")}
    through, straight = CpuClock(pids), CpuClock(pids)
    watch = Stopwatch()
    while len(times.through_ponte_ms) < turns and watch.ms() < BOUND_MS:
        left = turns - len(times.through_ponte_ms)
        _one_conversation(system, times, min(left, TURNS_A_CONVERSATION), through, straight)
    times.cpu_through_ponte = through.used_seconds
    times.cpu_straight_to_rasa = straight.used_seconds
    return times


def _one_conversation(
    system: RunningSystem, times: TurnTimes, turns: int, through: CpuClock, straight: CpuClock
) -> None:
    path = f"/webhooks/rest/webhook?token={system.rasa_token}"
    with (
        Customer(system, "Ana") as customer,
        Customer(system, "Bia") as other,
        JsonConnection(system.rasa_url) as rasa,
    ):
        body = {
            "sender": other.conversation,
            "message": QUESTION,
            "metadata": {"channel": "webchat", "attachments": []},
        }
        customer.ask(QUESTION)
        rasa.call("POST", path, body)
        for _ in range(turns):
            with through:
                times.through_ponte_ms.append(customer.ask(QUESTION))
            with straight:
                watch = Stopwatch()
                items = rasa.call("POST", path, body)
                times.straight_to_rasa_ms.append(watch.ms())
            if not items:
                raise RuntimeError("Rasa gave no reply")


def report(times: TurnTimes) -> str:
    """The lines for a person."""
    lines = [
        f'A turn of the bot ("{QUESTION}", an identified customer)',
        f"  through the web-chat API   {summary(times.through_ponte_ms)}",
        f"  straight to Rasa           {summary(times.straight_to_rasa_ms)}",
        f"  ratio {times.ratio:.2f} (aim {AIM})",
        "  CPU-ms a turn              through the API    straight to Rasa",
    ]
    turns = len(times.through_ponte_ms)
    for name, seconds in times.cpu_through_ponte.items():
        bare_ms = times.cpu_straight_to_rasa[name] / turns * 1000
        lines.append(f"    {name:<22} {seconds / turns * 1000:17.1f} {bare_ms:19.1f}")
    return "\n".join(lines)
