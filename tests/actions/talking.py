"""Actions as Rasa calls them: the real executor, a tracker that remembers, a real desk."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from actions.server import PrivateExecutor, create_executor
from actions.turn import use_desk
from desk.companies.directory import add_company
from desk.contacts.registration import register_contact
from desk.conversations.tables import Conversation
from desk.db import Database
from desk.settings import Settings
from desk.tickets.tables import RequestType
from tests.desk.building import a_channel, a_conversation, a_queue, customer_writes

PADARIA, BLOCKED, NOBODYS = "11222333000181", "90410023000167", "38119044000108"
ROOT = Path(__file__).parents[2]
DOMAIN: dict[str, Any] = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
DOMAIN["responses"] = {
    name: variations
    for path in sorted(ROOT.glob("data/*/responses.yml"))
    for name, variations in yaml.safe_load(path.read_text("utf-8"))["responses"].items()
}


@lru_cache(maxsize=1)
def executor() -> PrivateExecutor:
    """All actions, registered once."""
    return create_executor()


@dataclass
class Talk:
    """One customer's conversation, with the slots and events that Rasa would keep."""

    database: Database
    conversation: Conversation
    slots: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    loop: str | None = None
    latest_action: str = "action_listen"
    message_id: int | None = None

    async def hears(
        self,
        text: str,
        intent: str = "nlu_fallback",
        *,
        confidence: float = 0.95,
        files: tuple[int, ...] = (),
        **metadata: Any,
    ) -> "Talk":
        """The customer writes; the message is really in the desk's database."""
        entities = metadata.pop("entities", [])
        received = await customer_writes(self.database, self.conversation, text or "(arquivo)")
        self.message_id = received.message.id
        metadata |= {"message_id": self.message_id, "attachments": [{"id": id} for id in files]}
        parsed = {"intent": {"name": intent, "confidence": confidence}, "entities": entities}
        self.events.append(
            {"event": "user", "text": text, "metadata": metadata, "parse_data": parsed}
        )
        self.latest_action = "action_listen"
        return self

    async def do(self, action: str) -> list[dict[str, Any]]:
        """Runs an action; its events count, its replies are returned."""
        user = next(each for each in reversed(self.events) if each["event"] == "user")
        call: dict[str, Any] = {
            "next_action": action,
            "sender_id": self.conversation.public_id,
            "version": "3.6.21",
            "domain": DOMAIN,
            "tracker": {
                "sender_id": self.conversation.public_id,
                "slots": dict(self.slots),
                "latest_message": {
                    "text": user["text"],
                    "metadata": user["metadata"],
                    **user["parse_data"],
                },
                "events": list(self.events),
                "paused": False,
                "followup_action": None,
                "active_loop": {"name": self.loop} if self.loop else {},
                "latest_action_name": self.latest_action,
            },
        }
        result = await executor().run(call)
        assert result is not None
        self.events.append({"event": "action", "name": action})
        for event in result.events:
            self._apply(event)
        for reply in result.responses:
            uttered = {"utter_action": reply.get("response")}
            self.events.append({"event": "bot", "metadata": uttered})
        self.latest_action = action
        return list(result.responses)

    async def answers(self, form: str, slot: str | None) -> list[dict[str, Any]]:
        """The form takes the latest message as an answer to its question for this slot."""
        self.loop, self.slots["requested_slot"] = form, slot
        return await self.do(f"validate_{form}")

    @property
    def in_form(self) -> bool:
        """Whether a form is open."""
        return self.loop is not None

    def _apply(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        if event["event"] == "slot":
            self.slots[event["name"]] = event["value"]
        elif event["event"] == "active_loop":
            self.loop = event["name"]


def words(replies: list[dict[str, Any]]) -> list[str]:
    """The names of the responses uttered."""
    return [reply["response"] for reply in replies]


async def a_talk(
    database: Database, visitor: str = "visitor", *, strangers_reach_people: bool = True
) -> Talk:
    """A conversation with somebody new, on a desk with customers, a queue and types."""
    settings = Settings(
        database_url=database.url,
        public_url="https://acme.example",
        strangers_reach_people=strangers_reach_people,
    )
    use_desk(database, settings)
    async with database.transaction() as session:
        channel = await a_channel(session, slug=f"demo-{visitor}")
        if visitor == "visitor":
            await add_company(session, PADARIA, "Padaria Estrela LTDA")
            (await add_company(session, BLOCKED, "Mercado Aurora SA")).blocked = True
            queue = await a_queue(session)
            for position, name in enumerate(("Dúvida", "Erro no sistema", "Financeiro")):
                session.add(RequestType(name=name, position=position, queue_id=queue.id))
        conversation = await a_conversation(session, channel, visitor)
    return Talk(database, conversation)


async def a_known_talk(database: Database, visitor: str = "visitor") -> Talk:
    """A conversation with Maria Souza of Padaria Estrela."""
    talk = await a_talk(database, visitor)
    async with database.transaction() as session:
        await register_contact(
            session,
            talk.conversation.contact_id,
            1,
            "Maria Souza",
            f"{visitor}@padariaestrela.com.br",
        )
    await talk.hears("oi", "greet")
    await talk.do("action_session_start")
    return talk
