"""How to speak to somebody: who is upset is apologised to first, without cheerfulness."""

import asyncio

from rasa_sdk import Tracker

from actions.turn import Turn, feelings, heard
from desk.conversations.feelings import DISSATISFIED, SURE

_COMPLAINT = "complaint"
_NEWEST_MESSAGES = 5


def is_upset(turn: Turn, tracker: Tracker) -> bool:
    """Whether the customer complains, or was dissatisfied when last felt."""
    return turn.conversation.sentiment == DISSATISFIED or _complains(tracker)


async def calls_angrily(tracker: Tracker) -> bool:
    """Whether the very words that call for a person are angry, and nobody apologised yet.

    They are felt here once more: what is kept of a message is felt after its turn.
    """
    said = heard(tracker)
    if said.intent != "talk_to_human" or not said.text or _complains(tracker):
        return False
    feeling = await asyncio.to_thread(feelings().feel, said.text)
    return feeling.sentiment == DISSATISFIED and feeling.sure >= SURE


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
