"""What of the inbox somebody looks at, as the page's address says it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Self
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

from desk.conversations.filters import Filters, Level, Sort, View
from desk.conversations.priority import PRIORITY_LABELS
from desk.conversations.search.words import MAX_QUESTION_CHARS
from desk.states import Status
from desk.text import clean_text
from handoff.i18n import N_

VIEWS = {
    "queue": N_("Na fila"),
    "mine": N_("Meus"),
    "team": N_("Equipe"),
    "bot": N_("Bot"),
    "all": N_("Todas"),
}
SORTS: dict[str, Sort] = {
    "recent": "recent",
    "waiting": "waiting",
    "priority": "priority",
    "deadline": "deadline",
}
SENTIMENTS = {"negative": -1, "neutral": 0, "positive": 1}
_VIEW_OF: dict[str, View] = {"queue": "queue", "mine": "mine", "team": "team", "bot": "bot"}
_LEVEL_OF: dict[str, Level] = {"any": "any", "late": "late"}
_LARGEST_ID = 2**31 - 1

Args = Mapping[str, list[str]]


def _number(value: str) -> str:
    fits = value.isascii() and value.isdigit() and 0 < int(value[:12]) <= _LARGEST_ID
    return str(int(value)) if fits and len(value) < 12 else ""


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat() if "1970" <= value < "9999" else ""
    except ValueError:
        return ""


def _one_of(*values: str) -> Callable[[str], str]:
    return lambda value: value if value in values else ""


# Each filter of the address, and how its value is read; what is not understood counts as not set.
READERS: dict[str, Callable[[str], str]] = {
    "q": lambda value: clean_text(value)[:MAX_QUESTION_CHARS],
    "queue": _number,
    "channel": _number,
    "company": _number,
    "agent": _number,
    "priority": _one_of(*map(str, PRIORITY_LABELS)),
    "sentiment": _one_of(*SENTIMENTS),
    "tag": _number,
    "since": _day,
    "until": _day,
    "dates": _one_of("opened"),
    "unread": _one_of("1"),
    "mentioned": _one_of("1"),
    "level": _one_of("any", "late"),
}


@dataclass(frozen=True)
class InboxState:
    """A view, statuses, an order and filters; ``values`` are the filters that are set."""

    view: str
    statuses: tuple[Status, ...]
    sort: str
    values: Mapping[str, str]

    @classmethod
    def read(cls, args: Args, default_view: str = "queue") -> Self:
        """The state that an address asks for."""
        args = dict(args)  # Sanic's own mapping gives the first value where others give all.

        def last(name: str) -> str:
            return args.get(name, [""])[-1]

        view = last("view") if last("view") in VIEWS else default_view
        known = {status.value for status in Status}
        asked = [part for value in args.get("status", []) for part in value.split(",")]
        statuses = tuple(Status(value) for value in dict.fromkeys(asked) if value in known)
        values = {name: value for name, read in READERS.items() if (value := read(last(name)))}
        if not {"since", "until"} & values.keys():
            values.pop("dates", None)
        return cls(view, statuses, last("sort") if last("sort") in SORTS else "", values)

    @classmethod
    def parse(cls, query: str) -> Self:
        """The same from the text of a query."""
        return cls.read(parse_qs(query, max_num_fields=50))

    @property
    def query(self) -> str:
        """The state as the query of an address, always written alike."""
        pairs = [("view", self.view), *(("status", status.value) for status in self.statuses)]
        pairs += list(self.values.items())
        return urlencode([*pairs, *([("sort", self.sort)] if self.sort else [])])

    @property
    def order(self) -> Sort:
        """The order of the rows: what was chosen, else the view's own."""
        if self.sort:
            return SORTS[self.sort]
        return "priority" if self.view == "queue" else "recent"

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter or a search leaves something out of the view."""
        return bool(self.values) or len(self.statuses) > 1

    def at(self, view: str) -> "InboxState":
        """The same filters in another view."""
        return replace(self, view=view)

    def with_statuses(self, *statuses: Status) -> "InboxState":
        """The same with these statuses only."""
        return replace(self, statuses=statuses)

    def without(self, *names: str) -> "InboxState":
        """The same without these filters."""
        values = {name: value for name, value in self.values.items() if name not in names}
        return replace(self, values=values)

    def filters(self, zone: ZoneInfo) -> Filters:
        """What the desk is asked for; days are days of this zone, the last one included."""

        def number(name: str) -> int | None:
            return int(self.values[name]) if name in self.values else None

        return Filters(
            view=_VIEW_OF.get(self.view, ""),
            statuses=self.statuses,
            queue_id=number("queue"),
            assignee_id=number("agent"),
            company_id=number("company"),
            channel_id=number("channel"),
            priority=number("priority"),
            sentiment=SENTIMENTS.get(self.values.get("sentiment", "")),
            tag_id=number("tag"),
            since=_start(self.values.get("since"), zone),
            until=_start(self.values.get("until"), zone, days_later=1),
            opened="dates" in self.values,
            unread="unread" in self.values,
            mentioned="mentioned" in self.values,
            level=_LEVEL_OF.get(self.values.get("level", ""), ""),
            q=self.values.get("q", ""),
            sort=self.order,
        )


def _start(day: str | None, zone: ZoneInfo, days_later: int = 0) -> datetime | None:
    if day is None:
        return None
    later = date.fromisoformat(day) + timedelta(days=days_later)
    return datetime(later.year, later.month, later.day, tzinfo=zone)
