"""Tells who asked for it that the portal's note is over."""

from functools import partial

from desk.conversations.ticket_news import write_news
from desk.db import Database
from desk.guides.portal_news import contacts_to_tell, tell_portal_is_back
from handoff.due_work import DueWork
from handoff.pulse import Pulse
from handoff.ticket_news import answer_buttons
from handoff.words import Words

_AT_ONCE = 4


class PortalNewsTeller(DueWork):
    """Tells each who waits, once: the transaction that writes it also marks them as told."""

    name = "portal_news"
    topic = "events"

    def __init__(self, database: Database, pulse: Pulse, words: Words) -> None:
        super().__init__(pulse, _AT_ONCE)
        self._database = database
        self._words = words

    async def look(self) -> float | None:
        """Begins with those whom nobody tells yet."""
        async with self._database.reading() as session:
            due = await contacts_to_tell(session)
        for contact_id in due:
            if self.can_begin(contact_id):
                self.begin(contact_id, partial(self.tell, contact_id))
        return None

    async def tell(self, contact_id: int) -> None:
        """Tells one contact."""
        news = self._words.say("bridge_portal_back")
        async with self._database.transaction() as session:
            ticket = await tell_portal_is_back(session, contact_id, news)
            if ticket is not None:
                facts = {"number": ticket.number, "subject": ticket.subject}
                text = self._words.say("bridge_ticket_action", text=news, **facts)
                await write_news(session, ticket, text, answer_buttons(self._words, ticket))
        self._pulse.beat("outbound")
