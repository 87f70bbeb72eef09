"""The order of a list: its sections, and the place in it where a page ends."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, text, tuple_
from sqlalchemy import literal as value_of

from desk.conversations.filters import Filters, unindexed
from desk.conversations.search.find import Hits
from desk.conversations.tables import Conversation
from desk.db import MAX_KEY
from desk.errors import Invalid
from desk.states import Status

Key = datetime | int
_LARGEST = 2**31 - 1
_PARTS = (
    "reopened_at IS NOT NULL",
    "waiting_since IS NOT NULL",
    "priority <> 0",
    "service_due_at IS NOT NULL",
)
_REOPENED, _WAITING, _WITH_PRIORITY, _WITH_DEADLINE = (
    text(f"conversations.{part}") for part in _PARTS
)


@dataclass(frozen=True)
class Section:
    """Part of a list, in one order: ``keys`` are columns and whether they fall; the id is last.

    The id falls with the last of them, so that an index can be walked.
    """

    conditions: Sequence[Any]
    keys: Sequence[tuple[Any, bool]]

    @property
    def columns(self) -> list[Any]:
        """What a place of this section is made of, but for the id."""
        return [column for column, _ in self.keys]

    def ordered(self, query: Select[Any]) -> Select[Any]:
        """The query in this order."""
        return query.order_by(*self._order([*self.columns, Conversation.id]))

    def order_of(self, columns: Any) -> list[Any]:
        """The same order for a merged query, whose first column is the id."""
        first, *others = list(columns)
        return self._order([*others, first])

    def _order(self, columns: Sequence[Any]) -> list[Any]:
        return [
            column.desc() if falls else column
            for column, falls in zip(columns, self._falls(), strict=True)
        ]

    def _falls(self) -> list[bool]:
        falls = [each for _, each in self.keys]
        return [*falls, falls[-1]]

    def after(self, keys: Sequence[Key], last_id: int) -> list[ColumnElement[bool]]:
        """What lies behind a place in this section."""
        columns = [*self.columns, Conversation.id]
        values = [value_of(value, column.type) for value, column in self._pairs(keys, last_id)]
        falls = self._falls()
        if len(set(falls)) == 1:  # An index can be entered at a row value.
            here, there = tuple_(*columns), tuple_(*values)
            return [here < there if falls[0] else here > there]
        ways = []
        for count, (column, value, falling) in enumerate(zip(columns, values, falls, strict=True)):
            equal = [columns[each] == values[each] for each in range(count)]
            ways.append(and_(*equal, column < value if falling else column > value))
        return [or_(*ways)]

    def _pairs(self, keys: Sequence[Key], last_id: int) -> Iterator[tuple[Key, Any]]:
        return zip([*keys, last_id], [*self.columns, Conversation.id], strict=True)


@dataclass(frozen=True)
class Place:
    """A conversation's place in a list."""

    section: int
    keys: tuple[Key, ...]
    id: int


_RECENT = ((Conversation.last_message_at, True),)
_LONGEST_WAIT = ((Conversation.waiting_since, False),)
_DUE_FIRST = ((Conversation.service_due_at, False),)
_QUEUE_ORDER = (
    (Conversation.priority, True),
    (Conversation.queue_rank, True),
    (Conversation.waiting_since, False),
)
_BY_PRIORITY = ((Conversation.priority, True), (Conversation.last_message_at, True))


def sections_of(filters: Filters, hits: Hits | None = None) -> list[Section]:
    """The sections of a list, in order."""
    waits_not = unindexed(Conversation.waiting_since).is_(None)
    if filters.sort == "waiting":
        return [Section([_WAITING], _LONGEST_WAIT), Section([waits_not], _RECENT)]
    if filters.sort == "deadline":
        without = unindexed(Conversation.service_due_at).is_(None)
        return [Section([_WITH_DEADLINE], _DUE_FIRST), Section([without], _RECENT)]
    if filters.sort == "priority":
        rest = [waits_not, unindexed(Conversation.priority) <= 0]
        important = [_WITH_PRIORITY, Conversation.priority > 0, waits_not]
        return [
            Section([_WAITING], _QUEUE_ORDER),
            Section(important, _BY_PRIORITY),
            Section(rest, _RECENT),
        ]
    if hits is not None:
        by_message = set(hits.messages) - hits.people
        return [
            Section([Conversation.id.in_(hits.people)], _RECENT),
            Section([Conversation.id.in_(by_message)], _RECENT),
        ]
    if tuple(filters.statuses) == (Status.OPEN,):
        not_reopened = unindexed(Conversation.reopened_at).is_(None)
        return [Section([_REOPENED], _RECENT), Section([not_reopened], _RECENT)]
    return [Section([], _RECENT)]


def write_place(place: Place) -> str:
    """The cursor of the page that begins behind this place."""
    keys = [key.isoformat() if isinstance(key, datetime) else key for key in place.keys]
    value = json.dumps([place.section, *keys, place.id], separators=(",", ":"))
    return base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")


def read_place(cursor: str, sections: Sequence[Section]) -> Place:
    """The place that a cursor names in a list of these sections.

    Raises:
        Invalid: the cursor is not one of ours, or another list's.
    """
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        number, *keys, last_id = json.loads(base64.urlsafe_b64decode(padded))
        _check_number(number, 0, len(sections) - 1)
        _check_number(last_id, 0, MAX_KEY)
        read = tuple(
            _read_key(key, column)
            for key, column in zip(keys, sections[number].columns, strict=True)
        )
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Invalid("cursor", "O cursor não é válido.") from error
    return Place(number, read, last_id)


def _read_key(key: Any, column: Any) -> Key:
    if column.type.python_type is int:
        _check_number(key, -_LARGEST, _LARGEST)
        return int(key)
    return datetime.fromisoformat(key).astimezone(UTC)


def _check_number(value: Any, lowest: int, highest: int) -> None:
    if type(value) is not int or not lowest <= value <= highest:
        raise ValueError("not ours")
