"""Tells customers what the team did on their tickets, from the event log, once each."""

import json

from desk.conversations.ticket_news import NEWS_KINDS, TicketNews, read_news, tell_news
from desk.db import Database
from desk.events.cursors import move_cursor, read_cursor
from desk.events.log import events_after
from desk.states import STATUS_LABELS
from desk.tickets.tables import Ticket
from handoff.log_follower import LogFollower
from handoff.pulse import Pulse
from handoff.words import Words

_BATCH = 100


class TicketNewsTeller(LogFollower):
    """Tells what is new; once, whatever the number of processes."""

    cursor = "ticket_news"

    def __init__(self, database: Database, pulse: Pulse, words: Words) -> None:
        super().__init__(database, pulse)
        self._words = words

    async def step(self) -> bool:
        """Tells the next batch."""
        async with self._database.reading() as session:
            seq = await read_cursor(session, self.cursor)
            events = await events_after(session, seq, _BATCH, NEWS_KINDS)
        if not events:
            return False
        async with self._database.transaction() as session:
            # Another process may have told them meanwhile.
            if not await move_cursor(session, self.cursor, before=seq, after=events[-1].seq):
                return True
            for event in events:
                news = await read_news(session, event)
                if news is not None:
                    buttons = answer_buttons(self._words, news.ticket)
                    await tell_news(session, news.ticket, self._text(news), buttons)
        self._pulse.beat("outbound")
        return True

    def _text(self, news: TicketNews) -> str:
        facts = {"number": news.ticket.number, "subject": news.ticket.subject}
        if news.status:
            label = STATUS_LABELS[news.status]
            return self._words.say("bridge_ticket_status", status=label, **facts)
        return self._words.say("bridge_ticket_action", text=news.text, **facts)


def answer_buttons(words: Words, ticket: Ticket) -> list[dict[str, str]]:
    """The way to answer news of a ticket."""
    payload = json.dumps({"ticket_number": ticket.number})
    return [{"title": words.say("bridge_ticket_answer"), "payload": f"/post_action{payload}"}]
