"""Plays a script against the running system."""

import asyncio
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from desk.companies.directory import add_company, find_company
from desk.configuration.groups import PortalNote
from desk.configuration.values import save_configuration
from desk.contacts.account_state import note_locked
from desk.conversations.find import conversation_by_public_id
from desk.conversations.tables import Conversation
from desk.db import Database
from desk.events.log import SYSTEM
from desk.hours.calendars import remove_calendar
from desk.team.queues import find_queue
from tests.desk.building import closed_until
from tests.journeys.facts import facts_of_database, newest_ticket
from tests.journeys.materials import a_file, long_text, newest_code
from tests.journeys.script import Script, Step, facts_of, fold
from tests.system import RunningSystem
from tests.webchat import REPLY_SECONDS, Agent, WebChat, wait_until

SETTLE_SECONDS = 20.0
POLL_SECONDS = 0.05
LONG_TEXT = re.compile(r"\{(\d+) characters\}")


class Player:
    """One script's customer and agent."""

    def __init__(self, system: RunningSystem, database: Database, script: Script) -> None:
        self.system = system
        self.database = database
        self.script = script
        self.chat = WebChat(system, visitor_id=str(uuid.uuid4())).open()
        self.conversations = [self.chat.conversation]
        self.agent: Agent | None = None
        self.last_answers: list[dict[str, Any]] = []
        self.waiting = False
        self.closed: set[str] = set()
        self.noted = False

    async def play(self) -> None:
        """Plays every step; an AssertionError names the line."""
        steps: dict[str, Callable[[str], Awaitable[None]]] = {
            "C": self._write,
            "C+": self._write_at_once,
            "B": self._hear,
            "N": self._not_hear,
            "F": self._send_files,
            "P": self._press,
            "A": self._act_as_agent,
            "T": self._act_on_ticket,
            "E": self._type_code,
            "V": self._come_back,
            "W": self._pause,
            "S": self._set_up,
            "D": self._compare,
        }
        try:
            for step in self.script.steps:
                try:
                    await steps[step.kind](await self._filled_in(step.words))
                except AssertionError as error:
                    raise AssertionError(self._place(step, error)) from None
        finally:
            for queue in self.closed:
                await self._open_queue(queue)
            if self.noted:
                await self._set_note()
        await self._settle()
        for each in self.conversations:
            async with self.database.reading() as session:
                facts = await facts_of_database(session, each, "conversation")
            assert facts["failures"] == 0, f"{self.script.name}.txt: the bot failed on the way"

    def close(self) -> None:
        """Closes the connections."""
        self.chat.close()
        if self.agent is not None:
            self.agent.close()

    def _place(self, step: Step, error: AssertionError) -> str:
        said = "\n".join(
            f"    {'C' if message['direction'] == 'in' else 'B'}: {message['text'][:300]}"
            for message in self.chat.messages()
        )
        place = f"{self.script.name}.txt, line {step.line}: {step.kind}: {step.words}"
        return f"{place}\n  {error}\n  the conversation:\n{said}"

    async def _write(self, words: str) -> None:
        await self._settle()
        self.chat.send(words)
        self._expect_answers()

    async def _write_at_once(self, words: str) -> None:
        self.chat.send(words)
        self._expect_answers()

    async def _send_files(self, words: str) -> None:
        await self._settle()
        names, _, caption = words.partition(" ")
        answer = self.chat.client.post(
            "/messages",
            data={"client_id": str(uuid.uuid4()), "text": caption},
            files=[("file", a_file(name)) for name in names.split("+")],
        )
        assert answer.status_code == 202, answer.text
        self._expect_answers()

    async def _press(self, words: str) -> None:
        await self._settle()
        offers = [button for message in self.last_answers for button in message["buttons"]]
        button = next((each for each in offers if fold(words) in fold(each["title"])), None)
        assert button is not None, f"no such button among {[each['title'] for each in offers]}"
        self.chat.press(button)
        self._expect_answers()

    def _expect_answers(self) -> None:
        self.last_answers = [] if not self.waiting else self.last_answers
        self.waiting = True

    async def _settle(self) -> None:
        """Waits until all that was written has had its turn, and reads what came back."""
        if not self.waiting:
            return
        deadline = time.monotonic() + REPLY_SECONDS
        while (await self._conversation()).work_due_at is not None:
            assert time.monotonic() < deadline, "the bot did not answer"
            await asyncio.sleep(POLL_SECONDS)
        self._listen()
        self.waiting = False

    def _listen(self) -> None:
        fresh = self.chat.page(self.chat.seen_seq)["messages"]
        if fresh:
            self.chat.seen_seq = max(message["seq"] for message in fresh)
        self.last_answers += [message for message in fresh if message["direction"] == "out"]

    async def _hear(self, words: str) -> None:
        await self._settle()
        deadline = time.monotonic() + SETTLE_SECONDS
        while not self._heard(words):
            assert time.monotonic() < deadline, "this was not said"
            await asyncio.sleep(POLL_SECONDS)
            self._listen()

    async def _not_hear(self, words: str) -> None:
        await self._settle()
        assert not self._heard(words), "this was said"

    def _heard(self, words: str) -> bool:
        return any(fold(words) in fold(message["text"]) for message in self.last_answers)

    async def _act_as_agent(self, words: str) -> None:
        await self._settle()
        self._expect_answers()
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
            "status": lambda: agent.set_status(conversation, text),
            "note": lambda: agent.post(
                f"{path}/notes", {"text": text, "client_id": str(uuid.uuid4())}
            ),
        }[act]()
        assert answer.status_code in {200, 201, 202}, answer.text

    async def _act_on_ticket(self, words: str) -> None:
        await self._settle()
        self.last_answers = []
        act, _, value = words.partition(" ")
        path = f"/tickets/{await self._newest_number()}"
        if act == "post":
            answer = self._agent().post(f"{path}/actions", {"text": value})
        else:
            answer = self._agent().post(f"{path}/status", {"status": value})
        assert answer.status_code in {200, 201}, answer.text

    def _agent(self) -> Agent:
        if self.agent is None:
            self.agent = Agent(self.system, "supervisora@demo.ponte")
        return self.agent

    async def _come_back(self, words: str) -> None:
        await self._settle()
        again = words == "again"
        visitor = self.chat.visitor_id if again else str(uuid.uuid4())
        seen = self.chat.seen_seq if again else 0
        self.chat.close()
        self.chat = WebChat(self.system, visitor_id=visitor).open()
        self.chat.seen_seq = seen
        self.last_answers = []
        if self.chat.conversation not in self.conversations:
            self.conversations.append(self.chat.conversation)

    async def _pause(self, words: str) -> None:
        await asyncio.sleep(float(words))

    async def _type_code(self, address: str) -> None:
        await self._settle()
        var_dir = self.system.var_dir
        wait_until(lambda: newest_code(var_dir, address), what=f"a code to {address}")
        await self._write(newest_code(var_dir, address))

    async def _set_up(self, words: str) -> None:
        """What it is that is set up, and its words: ``company 55667788000186 blocked Loja``."""
        await self._settle()
        what, *rest = words.split()
        setting_up: dict[str, Callable[..., Awaitable[None]]] = {
            "closed": self._close_queue,
            "company": self._set_company,
            "note": self._set_note,
            "locked": self._lock_account,
        }
        await setting_up[what](*rest)

    async def _set_note(self, *words: str) -> None:
        """The portal's notice, until the script ends."""
        async with self.database.transaction() as session:
            await save_configuration(session, PortalNote(text=" ".join(words)), SYSTEM)
        self.noted = bool(words)

    async def _lock_account(self, username: str) -> None:
        async with self.database.transaction() as session:
            await note_locked(session, username, 300)

    async def _set_company(self, cnpj: str, *name: str) -> None:
        blocked = name[0] == "blocked"
        async with self.database.transaction() as session:
            company = await find_company(session, cnpj)
            if company is None:
                company = await add_company(session, cnpj, " ".join(name[blocked:]))
            company.blocked = blocked

    async def _close_queue(self, slug: str) -> None:
        """Outside of business hours for three days, until the script ends."""
        async with self.database.transaction() as session:
            queue = await find_queue(session, slug)
            assert queue is not None, "there is no such queue"
            await closed_until(session, queue, days=3)
        self.closed.add(slug)

    async def _open_queue(self, slug: str) -> None:
        async with self.database.transaction() as session:
            queue = await find_queue(session, slug)
            assert queue is not None
            calendar_id, queue.calendar_id = queue.calendar_id, None
            await session.flush()
            if calendar_id is not None:
                await remove_calendar(session, calendar_id, SYSTEM)

    async def _filled_in(self, words: str) -> str:
        words = LONG_TEXT.sub(lambda match: long_text(int(match.group(1))), words)
        if "{ticket}" not in words:
            return words
        await self._settle()
        return words.replace("{ticket}", await self._newest_number())

    async def _newest_number(self) -> str:
        conversation = await self._conversation()
        async with self.database.reading() as session:
            ticket = await newest_ticket(session, conversation.contact_id)
        assert ticket is not None, "the contact has no ticket"
        return ticket.number

    async def _conversation(self) -> Conversation:
        async with self.database.reading() as session:
            found = await conversation_by_public_id(session, self.chat.conversation)
        assert found is not None
        return found

    async def _compare(self, words: str) -> None:
        """Waits a moment for the facts: the last turn may still be ending."""
        await self._settle()
        noun, expected = facts_of(words)
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            async with self.database.reading() as session:
                actual = await facts_of_database(session, self.chat.conversation, noun)
            unknown = expected.keys() - actual.keys() if actual else set()
            assert not unknown, f"nothing is known of {sorted(unknown)}"
            wrong = {
                name: actual.get(name)
                for name, value in expected.items()
                if fold(str(actual.get(name))) != fold(value)
            }
            if not wrong:
                return
            assert time.monotonic() < deadline, f"the database holds {wrong}"
            await asyncio.sleep(POLL_SECONDS)
