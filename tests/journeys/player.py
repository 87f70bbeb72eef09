"""Plays a script against the running system and compares what the database holds."""

import asyncio
import re
import time
import uuid
from collections.abc import Callable
from email import policy
from email.parser import Parser
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.tables import Company
from desk.contacts.tables import Contact, ContactCompany
from desk.conversations.find import conversation_by_public_id
from desk.conversations.tables import Conversation
from desk.db import Database
from desk.tickets.tables import RequestType, Ticket, TicketAction, TicketMedia
from tests.journeys.script import Script, Step, facts_of, fold
from tests.system import RunningSystem
from tests.webchat import LONG_POLL_SECONDS, REPLY_SECONDS, Agent, WebChat, wait_until

KINDS = {"png": "image/png", "mp4": "video/mp4", "ogg": "audio/ogg", "pdf": "application/pdf"}
HEADS = {
    "png": b"\x89PNG\r\n\x1a\n",
    "mp4": b"\x00\x00\x00\x18ftypmp42",
    "ogg": b"OggS",
    "pdf": b"%PDF-1.4\n",
}
SETTLE_SECONDS = 20.0


class Player:
    """One script's customer and agent."""

    def __init__(self, system: RunningSystem, database: Database, script: Script) -> None:
        self.system = system
        self.database = database
        self.script = script
        self.chat = WebChat(system, visitor_id=str(uuid.uuid4())).open()
        self.agent: Agent | None = None
        self.last_answers: list[dict[str, Any]] = []
        self.waiting = False

    async def play(self) -> None:
        """Plays every step; an AssertionError names the line."""
        steps: dict[str, Callable[[str], Any]] = {
            "C": self._write,
            "C+": self._write_at_once,
            "B": self._hear,
            "N": self._not_hear,
            "F": self._send_file,
            "P": self._press,
            "A": self._act_as_agent,
            "W": lambda words: time.sleep(float(words)),
            "V": self._come_back,
        }
        for step in self.script.steps:
            try:
                words = await self._filled_in(step.words)
                if step.kind == "D":
                    await self._compare(words)
                elif step.kind == "T":
                    await self._act_on_ticket(words)
                elif step.kind == "E":
                    self._type_code(words)
                else:
                    steps[step.kind](words)
            except AssertionError as error:
                raise AssertionError(self._place(step, error)) from None

    def close(self) -> None:
        """Closes the connections."""
        self.chat.close()
        if self.agent is not None:
            self.agent.close()

    def _place(self, step: Step, error: AssertionError) -> str:
        heard = "\n".join(f"    {message['text']}" for message in self.last_answers)
        return (
            f"{self.script.name}.txt, line {step.line}: {step.kind}: {step.words}\n"
            f"  {error}\n  what came back last:\n{heard}"
        )

    def _write(self, words: str) -> None:
        self._settle()
        self.chat.send(words)
        self._expect_answers()

    def _write_at_once(self, words: str) -> None:
        self.chat.send(words)
        self._expect_answers()

    def _send_file(self, words: str) -> None:
        self._settle()
        name, _, caption = words.partition(" ")
        ending = name.rpartition(".")[2]
        content = HEADS.get(ending, b"text ") + name.encode() * 20
        answer = self.chat.post_file(name, content, KINDS.get(ending, "text/plain"), caption)
        assert answer.status_code == 202, answer.text
        self._expect_answers()

    def _press(self, words: str) -> None:
        self._settle()
        offers = [button for message in self.last_answers for button in message["buttons"]]
        button = next((each for each in offers if fold(words) in fold(each["title"])), None)
        assert button is not None, f"no such button among {[each['title'] for each in offers]}"
        self.chat.press(button)
        self._expect_answers()

    def _expect_answers(self) -> None:
        self.last_answers = [] if not self.waiting else self.last_answers
        self.waiting = True

    def _settle(self) -> None:
        """Waits until the bot has answered all that was written, unless a person answers."""
        if not self.waiting:
            return
        deadline = time.monotonic() + REPLY_SECONDS
        while not self.last_answers and self.chat.state["owner"] == "bot":
            assert time.monotonic() < deadline, "the bot did not answer"
            self._listen(LONG_POLL_SECONDS)
        self._listen(0)
        self.waiting = False

    def _listen(self, seconds: float) -> None:
        fresh = self.chat.page(self.chat.seen_seq, seconds)["messages"]
        if fresh:
            self.chat.seen_seq = max(message["seq"] for message in fresh)
        self.last_answers += [message for message in fresh if message["direction"] == "out"]

    def _hear(self, words: str) -> None:
        deadline = time.monotonic() + SETTLE_SECONDS
        while not self._heard(words):
            assert time.monotonic() < deadline, "this was not said"
            self._listen(1)

    def _not_hear(self, words: str) -> None:
        self._settle()
        assert not self._heard(words), "this was said"

    def _heard(self, words: str) -> bool:
        return any(fold(words) in fold(message["text"]) for message in self.last_answers)

    def _act_as_agent(self, words: str) -> None:
        self._settle()
        self.last_answers = []
        agent = self._agent()
        act, _, text = words.partition(" ")
        conversation = self.chat.conversation
        path = f"/conversations/{conversation}"
        answer = {
            "claim": lambda: agent.claim(conversation),
            "say": lambda: agent.say(conversation, text),
            "resolve": lambda: agent.set_status(conversation, "resolved"),
            "close": lambda: agent.set_status(conversation, "closed"),
            "return": lambda: agent.post(f"{path}/return"),
            "release": lambda: agent.post(f"{path}/release"),
        }[act]()
        assert answer.status_code in {200, 202}, answer.text

    async def _act_on_ticket(self, words: str) -> None:
        self._settle()
        self.last_answers = []
        act, _, value = words.partition(" ")
        number = await self._newest_number()
        if act == "post":
            answer = self._agent().post(f"/tickets/{number}/actions", {"text": value})
        else:
            answer = self._agent().post(f"/tickets/{number}/status", {"status": value})
        assert answer.status_code in {200, 201}, answer.text

    def _agent(self) -> Agent:
        if self.agent is None:
            self.agent = Agent(self.system, "supervisora@demo.ponte")
        return self.agent

    def _come_back(self, words: str) -> None:
        self._settle()
        again = words == "again"
        visitor = self.chat.visitor_id if again else str(uuid.uuid4())
        seen = self.chat.seen_seq if again else 0
        self.chat.close()
        self.chat = WebChat(self.system, visitor_id=visitor).open()
        self.chat.seen_seq = seen
        self.last_answers = []

    def _type_code(self, address: str) -> None:
        self._settle()
        codes: list[str] = []

        def arrived() -> bool:
            codes[:] = re.findall(r"\b\d{6}\b", newest_mail(self.system.var_dir, address))
            return bool(codes)

        wait_until(arrived, what=f"an e-mail to {address}")
        self._write(codes[-1])

    async def _filled_in(self, words: str) -> str:
        if "{ticket}" not in words:
            return words
        self._settle()
        return words.replace("{ticket}", await self._newest_number())

    async def _newest_number(self) -> str:
        async with self.database.reading() as session:
            ticket = await self._newest(session, await self._conversation(session))
        assert ticket is not None, "the contact has no ticket"
        return ticket.number

    async def _conversation(self, session: AsyncSession) -> Conversation:
        found = await conversation_by_public_id(session, self.chat.conversation)
        assert found is not None
        return found

    async def _newest(self, session: AsyncSession, conversation: Conversation) -> Ticket | None:
        query = select(Ticket).where(Ticket.contact_id == conversation.contact_id)
        return (
            await session.execute(query.order_by(Ticket.id.desc()).limit(1))
        ).scalar_one_or_none()

    async def _compare(self, words: str) -> None:
        """Waits a moment for the facts: the last turn may still be ending."""
        self._settle()
        noun, expected = facts_of(words)
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            async with self.database.reading() as session:
                actual = await self._facts(session, noun)
            wrong = {
                name: actual.get(name)
                for name, value in expected.items()
                if fold(str(actual.get(name))) != fold(value)
            }
            if not wrong:
                return
            assert time.monotonic() < deadline, f"the database holds {wrong}"
            await asyncio.sleep(0.2)

    async def _facts(self, session: AsyncSession, noun: str) -> dict[str, object]:
        conversation = await self._conversation(session)
        contact = await session.get_one(Contact, conversation.contact_id)
        companies = await _count(session, ContactCompany, ContactCompany.contact_id == contact.id)
        if noun == "contact":
            return {"name": contact.name, "email": contact.email, "companies": companies}
        if noun == "conversation":
            return {"status": conversation.status.value, "owner": conversation.owner.value}
        if noun == "ticket":
            return await self._ticket_facts(session, await self._newest(session, conversation))
        return {"tickets": await _count(session, Ticket, Ticket.contact_id == contact.id)}

    async def _ticket_facts(
        self, session: AsyncSession, ticket: Ticket | None
    ) -> dict[str, object]:
        if ticket is None:
            return {}
        kind = await session.get(RequestType, ticket.request_type_id or 0)
        company = await session.get(Company, ticket.company_id or 0)
        return {
            "subject": ticket.subject,
            "description": ticket.description,
            "status": ticket.status.value,
            "type": kind.name if kind else "none",
            "company": company.name if company else "none",
            "media": await _count(session, TicketMedia, TicketMedia.ticket_id == ticket.id),
            "actions": await _count(session, TicketAction, TicketAction.ticket_id == ticket.id),
        }


async def _count(session: AsyncSession, table: Any, condition: Any) -> int:
    query = select(func.count()).select_from(table).where(condition)
    return (await session.execute(query)).scalar_one()


def newest_mail(var_dir: Path, address: str) -> str:
    """The newest e-mail file to an address; empty when there is none."""
    for path in sorted((var_dir / "mail").glob("*.eml"), reverse=True):
        message = Parser(policy=policy.default).parsestr(path.read_text("utf-8"))
        if message["To"] == address:
            return str(message.get_content())
    return ""
