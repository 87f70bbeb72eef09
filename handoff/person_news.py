"""Tells who waited in a queue that a person has come, from the event log, once each."""

from desk.conversations.person_news import OWNER_CHANGED, tell_person_came, waited_since_event
from desk.db import Database
from desk.events.cursors import move_cursor, read_cursor
from desk.events.log import events_after
from handoff.log_follower import LogFollower
from handoff.pulse import Pulse
from handoff.words import Words

_BATCH = 100


class PersonNewsTeller(LogFollower):
    """Tells what is new; once, whatever the number of processes."""

    cursor = "person_news"

    def __init__(self, database: Database, pulse: Pulse, words: Words) -> None:
        super().__init__(database, pulse)
        self._words = words

    async def step(self) -> bool:
        """Tells the next batch."""
        async with self._database.reading() as session:
            seq = await read_cursor(session, self.cursor)
            events = await events_after(session, seq, _BATCH, (OWNER_CHANGED,))
        if not events:
            return False
        async with self._database.transaction() as session:
            # Another process may have told them meanwhile.
            if not await move_cursor(session, self.cursor, before=seq, after=events[-1].seq):
                return True
            for event in events:
                handoff = await waited_since_event(session, event)
                if handoff is not None:
                    words = self._words.say("bridge_claimed")
                    await tell_person_came(session, handoff, event, words)
        self._pulse.beat("outbound")
        return True
