"""The running system of the fault tests, and what its customers and its database show."""

import re
import uuid
from pathlib import Path

import httpx
from sqlalchemy import func, select

from deploy.local.processes import System
from desk.conversations.find import conversation_by_public_id
from desk.conversations.tables import Conversation
from desk.db import Database
from desk.tickets.tables import Ticket
from tests.fakes.proxy import Proxy
from tests.system import RunningSystem
from tests.webchat import WebChat

LEASE_SECONDS = 4.0
PATIENCE_SECONDS = 25.0
REPLY_SECONDS = 100.0
TICKET_NUMBER = re.compile(r"#\d{4}-\d{6}")


class ProxiedSystem(RunningSystem):
    """``before_rasa`` stands between handoff and Rasa, ``before_actions`` behind Rasa."""

    def __init__(self, var_dir: Path) -> None:
        super().__init__(
            var_dir, lease_seconds=LEASE_SECONDS, bot_patience_seconds=PATIENCE_SECONDS
        )
        self.before_rasa, self.before_actions = Proxy(), Proxy()
        self.before_rasa.start()
        self.before_actions.start()
        self.before_rasa.upstream = self.rasa_url
        self.before_actions.upstream = self.settings.actions_url.rsplit("/", 1)[0]
        self.settings = self.settings.model_copy(
            update={
                "rasa_url": self.before_rasa.url,
                "actions_url": self.before_actions.url + "/webhook",
            }
        )
        self._system = System(self.settings)

    def stop_proxies(self) -> None:
        """Ends the proxies."""
        self.before_rasa.stop()
        self.before_actions.stop()

    def tracked_message_ids(self, conversation: str) -> list[int]:
        """The customer's messages as Rasa remembers them, in the order of its turns."""
        answer = httpx.get(
            f"{self.rasa_url}/conversations/{conversation}/tracker",
            params={"token": self.rasa_token, "include_events": "ALL"},
        )
        return [
            event["metadata"]["message_id"]
            for event in answer.json()["events"]
            if event["event"] == "user"
        ]


def identify(chat: WebChat) -> None:
    """Goes through first contact."""
    chat.ask("oi", REPLY_SECONDS)
    chat.ask("11.222.333/0001-81", REPLY_SECONDS)
    chat.ask("Maria Souza", REPLY_SECONDS)
    chat.ask(f"maria.{uuid.uuid4().hex[:8]}@padariaestrela.com.br", REPLY_SECONDS)


def fill_ticket_form(chat: WebChat) -> str:
    """Goes through the ticket's form up to "Fim"; gives the subject."""
    subject = f"Impressora {uuid.uuid4().hex[:8]} parou"
    chat.ask("0", REPLY_SECONDS)
    chat.ask(subject, REPLY_SECONDS)
    chat.ask("2", REPLY_SECONDS)
    chat.ask("Não imprime desde cedo, a luz vermelha pisca.", REPLY_SECONDS)
    return subject


def numbers_in(texts: list[str]) -> set[str]:
    """The ticket numbers that were told."""
    return {number for text in texts for number in TICKET_NUMBER.findall(text)}


async def count_tickets(database: Database, subject: str) -> int:
    """How many tickets were opened with this subject."""
    query = select(func.count(Ticket.id)).where(Ticket.subject.contains(subject))
    async with database.reading() as session:
        return (await session.execute(query)).scalar_one()


async def conversation_of(database: Database, chat: WebChat) -> Conversation:
    """The chat's row as it stands now."""
    async with database.reading() as session:
        found = await conversation_by_public_id(session, chat.conversation)
    assert found is not None
    return found
