"""The files of a conversation that are on no ticket yet."""

from collections.abc import Sequence

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.turn import heard


def unused_media(tracker: Tracker) -> list[int]:
    """Ids of the files of this session that are on no ticket yet, in order.

    A file may come at any moment, before any word too: nothing is lost, whatever was asked.
    """
    used_until = tracker.get_slot("media_used_until") or 0
    ids: list[int] = []
    for event in _this_session(tracker.applied_events()):
        metadata = event.get("metadata") or {}
        if event.get("event") == "user" and (metadata.get("message_id") or 0) > used_until:
            ids.extend(each["id"] for each in metadata.get("attachments") or [])
    return list(dict.fromkeys(ids))


def media_used(tracker: Tracker) -> EventType:
    """Notes that all files up to this message are on a ticket."""
    return SlotSet("media_used_until", heard(tracker).message_id)


def _this_session(events: Sequence[EventType]) -> Sequence[EventType]:
    for index in range(len(events) - 1, -1, -1):
        if events[index].get("event") == "session_started":
            return events[index:]
    return events
