"""How to speak to somebody: who is upset is apologised to first, without cheerfulness."""

from rasa_sdk import Tracker

from actions.turn import Turn, heard
from desk.conversations.feelings import DISSATISFIED

_COMPLAINT = "complaint"


def is_upset(turn: Turn, tracker: Tracker) -> bool:
    """Whether the customer complains now, or was dissatisfied when last felt."""
    return heard(tracker).intent == _COMPLAINT or turn.conversation.sentiment == DISSATISFIED


def in_tone(response: str, *, upset: bool) -> str:
    """The response, or its sober variant ``…_upset``."""
    return f"{response}_upset" if upset else response
