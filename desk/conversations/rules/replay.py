"""A conversation's past, event by event, as rules look at it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from desk.conversations.rules.situation import OUR_WORD, Situation
from desk.events.tables import Event
from desk.states import Owner, Status


def replayed(channel_id: int, events: Sequence[Event]) -> Iterator[tuple[datetime, Situation]]:
    """After each event, its moment and how the conversation then stood."""
    if not events:
        return
    past = _Past(Situation(channel_id, Status.OPEN, events[0].at))
    for event in events:
        past.apply(event)
        yield event.at, replace(past.now, tag_ids=set(past.now.tag_ids))


@dataclass
class _Past:
    now: Situation
    owner: str = Owner.BOT.value

    def apply(self, event: Event) -> None:
        kind = event.kind.partition(".")[2]
        if event.kind == "message.created":
            self._message(event)
        elif kind == "status_changed":
            self.now.status, self.now.status_since = Status(event.data["after"]), event.at
        elif kind == "owner_changed":
            self._owner(event)
        elif kind == "queue_changed":
            self.now.queue_id = event.data["after"]
        elif kind == "priority_changed":
            self.now.priority = event.data["after"]
        elif kind == "tagged":
            self.now.tag_ids.add(event.data["tag_id"])
        elif kind == "untagged":
            self.now.tag_ids.discard(event.data["tag_id"])

    def _owner(self, event: Event) -> None:
        after = str(event.data["after"])
        self.now.queue_id = event.data.get("queue_id", self.now.queue_id)
        if after == Owner.BOT.value:
            self.now.waiting_since = None
        elif after == Owner.QUEUE.value and self.now.waiting_since is None:
            self.now.waiting_since = event.at
        self.owner = after

    def _message(self, event: Event) -> None:
        if event.data.get("message_kind") != "message" or event.data.get("state") == "suppressed":
            return
        if event.data.get("direction") == "in":
            self.now.contact_wrote_at = event.at
            if self.owner != Owner.BOT.value and self.now.waiting_since is None:
                self.now.waiting_since = event.at
        elif event.actor_kind in OUR_WORD:
            self.now.team_wrote_at = event.at
            if event.actor_kind == "agent":
                self.now.waiting_since = None
