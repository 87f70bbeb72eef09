"""What the reports must say, told from the log in the most simple-minded way.

Nothing here knows of services kept, of cells, or of any sum: for every question the whole history
is read once more and looked at interval by interval.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from desk.hours.clock import business_seconds
from desk.hours.tables import BusinessCalendar

ENDED = ("resolved", "closed")
OPENERS = ("claim", "assign", "move", "take_over", "auto_assigned")
KNOWN = ("customer_asked", "not_understood", "guide_unsolved", "bot_failed", "people_only")


@dataclass
class Told:
    """A service, as somebody would tell it who reads the log from the first line to the last."""

    talk: int
    nth: int
    opened: datetime
    ended: datetime | None = None
    ending: str = ""
    spans: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    to_people: datetime | None = None
    why: str = ""
    answered: datetime | None = None
    waited: float = 0.0
    waited_in: int | None = None
    handed_on: int = 0
    rated: datetime | None = None
    score: int = 0
    mood: int | None = None
    queue: int | None = None
    agent: int | None = None
    company: int | None = None
    kind: int | None = None
    tags: frozenset[int] = frozenset()


def tell(
    events: Iterable[dict[str, Any]],
    talk: int,
    tickets: dict[int, dict[str, Any]],
    first_company: int | None,
) -> tuple[list[Told], list[tuple[datetime, int | None]]]:
    """The services of one conversation, and since when it was in which queue."""
    log = [event for event in events if event["conversation_id"] == talk]
    services: list[Told] = []
    queues: list[tuple[datetime, int | None]] = []
    status, since, mood, tags = "", log[0]["at"], None, set[int]()
    pending: tuple[str, int | None] | None = None
    for event in log:
        at, kind, data = event["at"], event["kind"], event["data"]
        active = bool(status) and status not in ENDED
        here = services[-1] if services else Told(talk, 0, at)
        queue = queues[-1][1] if queues else None
        if kind == "conversation.created":
            services.append(Told(talk, 1, at))
            status, since = data["status"], at
        elif kind == "conversation.status_changed":
            if active:
                here.spans.append((status, since, at))
            after = data["after"]
            if active and after in ENDED:
                here.ended = at
            if after in ENDED:
                here.ending = after
            if not active and after not in ENDED:
                new = Told(talk, here.nth + 1, at, queue=queue, company=here.company)
                if pending:
                    new.to_people, new.why, new.agent = at, pending[0], pending[1]
                pending = None
                services.append(new)
            if active or after not in ENDED:
                since = at
            status = after
        elif kind == "conversation.owner_changed":
            why = data["reason"]
            why = "team" if why in OPENERS else why if why in KNOWN else "other"
            if not active:
                pending = (why, data.get("assignee_id")) if data["after"] != "bot" else None
            else:
                if data["after"] != "bot" and here.to_people is None:
                    here.to_people, here.why = at, why
                former = data.get("former_assignee_id")
                if data["after"] == "agent" and former and former != data["assignee_id"]:
                    here.handed_on += 1
                moved = data["reason"] == "move" and data["before"] != "bot"
                if moved and data["queue_id"] != queue:
                    here.handed_on += 1
                here.agent = data.get("assignee_id") or here.agent
            if "queue_id" in data:
                queues.append((at, data["queue_id"]))
        elif kind == "conversation.queue_changed":
            queues.append((at, data["after"]))
        elif kind == "conversation.first_response" and here.answered is None:
            here.answered, here.waited = at, data["seconds"]
            here.waited_in = data["queue_id"]
            here.agent = here.agent or event["actor_id"]
        elif kind == "conversation.rated":
            here.rated, here.score = at, data["score"]
        elif kind == "conversation.mood_changed":
            mood = data["after"]
        elif kind == "conversation.tagged":
            tags.add(data["tag_id"])
        elif kind == "conversation.untagged":
            tags.discard(data["tag_id"])
        elif kind == "ticket.opened":
            ticket = tickets[event["ticket_id"]]
            services[-1].kind = ticket["request_type_id"] or services[-1].kind
            services[-1].company = ticket["company_id"] or services[-1].company
        newest = services[-1]
        if newest.ended is None and queues:
            newest.queue = queues[-1][1]
        newest.mood, newest.tags = mood, frozenset(tags)
        newest.company = newest.company or first_company
    return services, queues


class Reference:
    """Answers for one history."""

    def __init__(
        self,
        services: list[tuple[Told, list[tuple[datetime, int | None]]]],
        calendars: dict[int, BusinessCalendar],
        channels: dict[int, int],
        zone: ZoneInfo,
    ) -> None:
        self._told = services
        self._calendars, self._channels, self._zone = calendars, channels, zone

    def rows(self, report: str, first: date, last: date, by: str, filters: dict[str, int]) -> Any:
        """The figures of every bar that has any, and under "" those of the whole period."""
        answers: dict[Any, dict[str, float | None]] = {}
        bars: dict[Any, list[tuple[Told, str]]] = {}
        for told, _ in self._told:
            if any(value not in self._keys(told, name) for name, value in filters.items()):
                continue
            for what, at in self._moments(told):
                local = at.astimezone(self._zone)
                if first <= local.date() <= last:
                    for bar in ("", *self._bars(told, local, by)):
                        bars.setdefault(bar, []).append((told, what))
        for bar, happened in bars.items():
            answers[bar] = self._figures(report, happened)
        return answers

    def active(self, day: date, filters: dict[str, int]) -> int:
        """How many were open and had not ended when a day was over."""
        end = datetime.combine(day + timedelta(days=1), datetime.min.time(), self._zone)
        return sum(
            1
            for told, _ in self._told
            if told.opened < end
            and (told.ended is None or told.ended >= end)
            and all(value in self._keys(told, name) for name, value in filters.items())
        )

    def _moments(self, told: Told) -> list[tuple[str, datetime]]:
        named = {
            "opened": told.opened,
            "people": told.to_people,
            "answered": told.answered,
            "ended": told.ended,
            "rated": told.rated,
        }
        return [(name, at) for name, at in named.items() if at is not None]

    def _bars(self, told: Told, local: datetime, by: str) -> list[Any]:
        day = local.date()
        in_time: dict[str, Any] = {
            "day": day,
            "week": day - timedelta(days=day.weekday()),
            "month": day.replace(day=1),
            "year": day.replace(month=1, day=1),
            "weekday": day.weekday(),
            "hour": local.hour,
        }
        if not by:
            return []
        return [in_time[by]] if by in in_time else self._keys(told, by)

    def _keys(self, told: Told, name: str) -> list[int]:
        if name == "tag":
            return list(told.tags) or [0]
        if name == "channel":
            return [self._channels[told.talk]]
        value = {
            "queue": told.queue,
            "agent": told.agent,
            "company": told.company,
            "type": told.kind,
        }[name]
        return [value or 0]

    def _seconds(self, told: Told, status: str, *, business: bool) -> float:
        queues = next(queues for each, queues in self._told if each is told)
        total = 0.0
        for name, start, end in told.spans:
            if name != status:
                continue
            cuts = sorted({start, end, *(at for at, _ in queues if start < at < end)})
            for left, right in pairwise(cuts):
                before = [queue for at, queue in queues if at <= left]
                calendar = self._calendars.get((before[-1] if before else None) or 0)
                total += business_seconds(calendar if business else None, left, right)
        return total

    def _figures(self, report: str, happened: list[tuple[Told, str]]) -> dict[str, float | None]:
        def those(what: str, which: Callable[[Told], bool] | None = None) -> list[Told]:
            found = [told for told, when in happened if when == what]
            return [told for told in found if which is None or which(told)]

        def mean(values: list[float]) -> float | None:
            return sum(values) / len(values) if values else None

        def share(part: list[Told], whole: list[Told]) -> float | None:
            return 100 * len(part) / len(whole) if whole else None

        def all_seconds(told: Told, *, business: bool) -> float:
            statuses = ("open", "in_service", "waiting")
            return sum(self._seconds(told, each, business=business) for each in statuses)

        opened, ended = those("opened"), those("ended")
        again = those("opened", lambda told: told.nth > 1)
        resolved = those("ended", lambda told: told.ending == "resolved")
        closed = those("ended", lambda told: told.ending == "closed")
        handed_on = those("ended", lambda told: told.handed_on > 0)
        answered, rated, people = those("answered"), those("rated"), those("people")
        moods = {mood: [told for told in ended if told.mood == mood] for mood in (-1, 0, 1, None)}
        transfers = float(sum(told.handed_on for told in ended))
        match report:
            case "services":
                counts = {
                    "opened": opened,
                    "reopened": again,
                    "resolved": resolved,
                    "closed": closed,
                }
                return {name: len(each) for name, each in counts.items()}
            case "status_time":
                figures: dict[str, float | None] = {"ended": len(ended)}
                for each in ("open", "in_service", "waiting"):
                    for name, business in (("time", False), ("business", True)):
                        seconds = [self._seconds(t, each, business=business) for t in ended]
                        figures[f"{each}_{name}"] = mean(seconds)
                return figures
            case "first_response":
                within = [
                    business_seconds(
                        self._calendars.get(told.waited_in or 0),
                        told.answered - timedelta(seconds=told.waited),
                        told.answered,
                    )
                    for told in answered
                    if told.answered
                ]
                return {
                    "answered": len(answered),
                    "response_time": mean([told.waited for told in answered]),
                    "response_business": mean(within),
                }
            case "resolution":
                return {
                    "resolved": len(resolved),
                    "closed": len(closed),
                    "resolution_time": mean([all_seconds(t, business=False) for t in ended]),
                    "resolution_business": mean([all_seconds(t, business=True) for t in ended]),
                }
            case "reopening":
                return {
                    "opened": len(opened),
                    "reopened": len(again),
                    "reopened_share": share(again, opened),
                }
            case "transfers":
                return {
                    "ended": len(ended),
                    "transferred": len(handed_on),
                    "transferred_share": share(handed_on, ended),
                    "transfers": transfers,
                    "transfers_each": transfers / len(ended) if ended else None,
                }
            case "containment":
                alone = those("ended", lambda told: told.to_people is None)
                return {
                    "ended": len(ended),
                    "contained": len(alone),
                    "contained_share": share(alone, ended),
                }
            case "handoffs":
                why = dict.fromkeys((*KNOWN, "team", "other"), 0)
                for told in people:
                    why[told.why] += 1
                return {
                    "handed_off": len(people),
                    **{f"handoff_{each}": number for each, number in why.items()},
                }
            case "ratings":
                return {
                    "rated": len(rated),
                    "score": mean([float(told.score) for told in rated]),
                    **{
                        f"rating_{score}": sum(told.score == score for told in rated)
                        for score in range(1, 6)
                    },
                }
            case _:
                felt = len(ended) - len(moods[None])
                return {
                    "ended": len(ended),
                    "mood_dissatisfied": len(moods[-1]),
                    "mood_neutral": len(moods[0]),
                    "mood_satisfied": len(moods[1]),
                    "mood_unknown": len(moods[None]),
                    "dissatisfied_share": 100 * len(moods[-1]) / felt if felt else None,
                }
