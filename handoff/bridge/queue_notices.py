"""What somebody who waits in a queue is told."""

from datetime import datetime

from desk.conversations.requests import Outlook
from desk.hours.moments import opening_as_said
from handoff.words import Words


def queue_notice(words: Words, outlook: Outlook, now: datetime) -> str:
    """Until when it is closed, that nobody is there, or the place in the queue."""
    if outlook.opens_at is not None:
        opening = opening_as_said(outlook.opens_at, now)
        said = words.say(f"bridge_opening_{opening.day}", **vars(opening))
        return words.say("bridge_queue_closed", opening=said)
    if not outlook.agents_online:
        return words.say("bridge_queue_nobody")
    name = "bridge_queue_place" if outlook.tells_place else "bridge_queue_received"
    return words.say(name, position=outlook.position)
