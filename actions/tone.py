"""How to speak to somebody: who is upset is apologised to first, without cheerfulness."""

from rasa_sdk import Tracker

from actions.turn import Turn, heard
from desk.conversations.feelings import DISSATISFIED

_COMPLAINT = "complaint"
_NEWEST_MESSAGES = 5


def is_upset(turn: Turn, tracker: Tracker) -> bool:
    """Whether the customer complains, or was dissatisfied when last felt."""
    return turn.conversation.sentiment == DISSATISFIED or _complains(tracker)


def _complains(tracker: Tracker) -> bool:
    """Whether one of the newest messages is a complaint: feelings are kept after the turn only."""
    intents = [
        (event.get("parse_data") or {}).get("intent") or {}
        for event in tracker.applied_events()
        if event.get("event") == "user"
    ]
    newest = [each.get("name") for each in intents[-_NEWEST_MESSAGES:]]
    return _COMPLAINT in (*newest, heard(tracker).intent)


def in_tone(response: str, *, upset: bool) -> str:
    """The response, or its sober variant ``…_upset``."""
    return f"{response}_upset" if upset else response
