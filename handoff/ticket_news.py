"""Tells customers what the team did on their tickets, from the event log, once each."""

import asyncio
import json

import structlog

from desk.conversations.ticket_news import NEWS_KINDS, TicketNews, read_news, tell_news
from desk.db import Database
from desk.events.cursors import move_cursor, read_cursor, start_cursor
from desk.events.log import events_after
from desk.states import STATUS_LABELS
from handoff.pulse import Pulse, wait_for
from handoff.words import Words

_CURSOR = "ticket_news"
_BATCH = 100
_COALESCE_SECONDS = 0.5

logger = structlog.get_logger(__name__)


class TicketNewsTeller:
    """The loop of one process; a cursor in the database says how far the log was told."""

    def __init__(self, database: Database, pulse: Pulse, words: Words) -> None:
        self._database = database
        self._pulse = pulse
        self._words = words

    async def begin(self) -> None:
        """Starts at the newest event where nothing was told yet: the past is not told."""
        async with self._database.transaction() as session:
            await start_cursor(session, _CURSOR)

    async def run(self) -> None:
        """Tells until cancelled."""
        waiter = self._pulse.waiter("events")
        await self.begin()
        try:
            while True:
                try:
                    while await self._tell_next():
                        pass
                except Exception:
                    # The cursor stays where it was and the log is read again in a second.
                    logger.exception("ticket_news.failed")
                await wait_for(waiter)
                # Nobody watches a screen for these: one look for whatever came together.
                await asyncio.sleep(_COALESCE_SECONDS)
        finally:
            self._pulse.forget(waiter)

    async def _tell_next(self) -> bool:
        async with self._database.reading() as session:
            seq = await read_cursor(session, _CURSOR)
            events = await events_after(session, seq, _BATCH, NEWS_KINDS)
        if not events:
            return False
        async with self._database.transaction() as session:
            # Another process may have told them meanwhile.
            if not await move_cursor(session, _CURSOR, before=seq, after=events[-1].seq):
                return True
            for event in events:
                news = await read_news(session, event)
                if news is not None:
                    await tell_news(session, news.ticket, self._text(news), self._buttons(news))
        self._pulse.beat("outbound")
        return True

    def _text(self, news: TicketNews) -> str:
        facts = {"number": news.ticket.number, "subject": news.ticket.subject}
        if news.status:
            label = STATUS_LABELS[news.status]
            return self._words.say("bridge_ticket_status", status=label, **facts)
        return self._words.say("bridge_ticket_action", text=news.text, **facts)

    def _buttons(self, news: TicketNews) -> list[dict[str, str]]:
        payload = json.dumps({"ticket_number": news.ticket.number})
        title = self._words.say("bridge_ticket_answer")
        return [{"title": title, "payload": f"/post_action{payload}"}]
