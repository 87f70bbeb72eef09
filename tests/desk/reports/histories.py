"""Made-up histories of conversations as the desk writes them: the same events, at any time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.companies.tables import Company
from desk.contacts.tables import Contact, ContactCompany
from desk.conversations.tables import Conversation, ConversationTicket
from desk.events.tables import Event, EventCursor
from desk.hours.tables import BusinessCalendar
from desk.reports.tables import ReportCell, ReportService, ReportServiceTag
from desk.team.tables import Queue, Role, User
from desk.tickets.tables import RequestType, Ticket

# Clocks changed in São Paulo on 18 February 2018: a day of 25 hours lies within.
BEGIN = datetime(2018, 2, 12, 3, tzinfo=UTC)
QUEUES, AGENTS, CHANNELS, COMPANIES, TYPES, TAGS = (1, 2), (1, 2, 3), (1, 2), (1, 2), (1, 2), (1, 2)
CONVERSATIONS = 4
WEEK = {str(day): [["08:00", "12:00"], ["13:00", "18:00"]] for day in range(5)}

DELAYS = st.one_of(
    st.integers(0, 5_000),
    st.integers(0, 4 * 3_600_000_000),
    st.integers(0, 6 * 86_400_000_000),
)
"""Microseconds until the next thing happens."""
STEPS = st.lists(
    st.tuples(
        st.integers(1, CONVERSATIONS),
        DELAYS,
        st.sampled_from(
            (
                *("writes", "hand_off", "claim", "reply", "reply", "resolve", "resolve"),
                *("close", "wait", "in_service", "open", "move", "assign", "return", "release"),
                *("rate", "mood", "tag", "untag", "ticket", "queue_changed"),
            )
        ),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=45,
)


@dataclass
class Talk:
    """A conversation as the desk would know it."""

    number: int
    status: str = "open"
    owner: str = "bot"
    queue: int | None = None
    agent: int | None = None
    waiting_since: datetime | None = None
    tags: set[int] = field(default_factory=set)
    mood: int | None = None


@dataclass
class History:
    """What happened, in order, with the tickets that were opened."""

    events: list[dict[str, Any]] = field(default_factory=list)
    tickets: list[dict[str, Any]] = field(default_factory=list)
    talks: dict[int, Talk] = field(default_factory=dict)
    now: datetime = BEGIN

    def play(self, steps: Sequence[tuple[int, int, str, int]]) -> "History":
        """Makes events of the steps; one that is not possible then is passed over."""
        for number, delay, what, choice in steps:
            self.now += timedelta(microseconds=delay)
            talk = self.talks.get(number)
            if talk is None:
                talk = self.talks[number] = Talk(number)
                self._event(talk, "conversation.created", "contact", status="open")
            getattr(self, f"_{what}")(talk, choice)
        return self

    def _event(self, talk: Talk, kind: str, actor: str = "system", **data: Any) -> None:
        self.events.append(
            {
                "at": self.now,
                "kind": kind,
                "actor_kind": actor,
                "actor_id": talk.agent if actor == "agent" else None,
                "conversation_id": talk.number,
                "ticket_id": data.pop("ticket_id", None),
                "data": data,
                "transaction_id": 0,
            }
        )

    def _status(self, talk: Talk, after: str) -> None:
        if talk.status != after:
            before, talk.status = talk.status, after
            self._event(talk, "conversation.status_changed", before=before, after=after)

    def _owner(self, talk: Talk, after: str, reason: str, **data: Any) -> None:
        if talk.owner == "agent":
            data = {"former_assignee_id": talk.agent, **data}
        before, talk.owner = talk.owner, after
        if reason == "claim":
            self._event(talk, "conversation.owner_changed", after=after, reason=reason, **data)
        else:
            facts = {"before": before, "after": after, "reason": reason, **data}
            self._event(talk, "conversation.owner_changed", **facts)

    def _writes(self, talk: Talk, choice: int) -> None:
        if talk.owner != "bot":
            talk.waiting_since = talk.waiting_since or self.now
        elif talk.status in ("resolved", "closed"):
            self._status(talk, "open")

    def _hand_off(self, talk: Talk, choice: int) -> None:
        if talk.owner == "bot":
            talk.queue = QUEUES[choice % 2]
            reasons = (
                "customer_asked",
                "not_understood",
                "guide_unsolved",
                "people_only",
                "x",
                "idle",
            )
            self._owner(talk, "queue", reasons[choice], queue_id=talk.queue)
            talk.waiting_since = self.now
            self._status(talk, "open")

    def _claim(self, talk: Talk, choice: int) -> None:
        if talk.owner != "agent":
            self._owner(talk, "agent", "claim", assignee_id=AGENTS[choice % 3])
            talk.agent = AGENTS[choice % 3]
            self._given(talk)

    def _assign(self, talk: Talk, choice: int) -> None:
        agent = AGENTS[choice % 3]
        self._owner(talk, "agent", ("assign", "take_over")[choice % 2], assignee_id=agent)
        talk.agent = agent
        self._given(talk)

    def _given(self, talk: Talk) -> None:
        if talk.status in ("resolved", "closed"):
            self._status(talk, "open")

    def _move(self, talk: Talk, choice: int) -> None:
        queue = QUEUES[choice % 2]
        self._owner(talk, "queue", "move", queue_id=queue, former_queue_id=talk.queue)
        talk.queue, talk.agent = queue, None
        talk.waiting_since = talk.waiting_since or self.now
        self._given(talk)

    def _queue_changed(self, talk: Talk, choice: int) -> None:
        if talk.owner == "agent" and talk.queue is not None:
            before, talk.queue = talk.queue, QUEUES[choice % 2]
            self._event(talk, "conversation.queue_changed", before=before, after=talk.queue)

    def _return(self, talk: Talk, choice: int) -> None:
        if talk.owner == "agent":
            self._owner(talk, "queue", ("return", "idle")[choice % 2])
            talk.agent = None
            talk.waiting_since = talk.waiting_since or self.now

    def _release(self, talk: Talk, choice: int) -> None:
        if talk.owner != "bot":
            self._owner(talk, "bot", "release", outcome="released")
            talk.waiting_since = None

    def _reply(self, talk: Talk, choice: int) -> None:
        if talk.owner == "bot":
            return
        if talk.status == "open" and talk.waiting_since is not None:
            waited = round((self.now - talk.waiting_since).total_seconds(), 3)
            first = {"queue_id": talk.queue, "seconds": waited}
            self._event(talk, "conversation.first_response", "agent", **first)
        talk.waiting_since = None
        if talk.status == "open":
            self._status(talk, "in_service")

    def _end(self, talk: Talk, status: str) -> None:
        self._status(talk, status)
        if talk.owner != "bot":
            self._release(talk, 0)

    def _resolve(self, talk: Talk, choice: int) -> None:
        self._end(talk, "resolved")

    def _close(self, talk: Talk, choice: int) -> None:
        self._end(talk, "closed")

    def _wait(self, talk: Talk, choice: int) -> None:
        self._status(talk, "waiting")

    def _in_service(self, talk: Talk, choice: int) -> None:
        self._status(talk, "in_service")

    def _open(self, talk: Talk, choice: int) -> None:
        self._status(talk, "open")

    def _rate(self, talk: Talk, choice: int) -> None:
        self._event(talk, "conversation.rated", "contact", score=choice % 5 + 1)

    def _mood(self, talk: Talk, choice: int) -> None:
        before, talk.mood = talk.mood, choice % 3 - 1
        self._event(talk, "conversation.mood_changed", "rule", before=before, after=talk.mood)

    def _tag(self, talk: Talk, choice: int) -> None:
        tag = TAGS[choice % 2]
        if tag not in talk.tags:
            talk.tags.add(tag)
            self._event(talk, "conversation.tagged", "agent", tag_id=tag)

    def _untag(self, talk: Talk, choice: int) -> None:
        tag = TAGS[choice % 2]
        if tag in talk.tags:
            talk.tags.discard(tag)
            self._event(talk, "conversation.untagged", "agent", tag_id=tag)

    def _ticket(self, talk: Talk, choice: int) -> None:
        number = len(self.tickets) + 1
        self.tickets.append(
            {
                "id": number,
                "number": f"2018-{number:06d}",
                "contact_id": talk.number,
                "company_id": (None, *COMPANIES)[choice % 3],
                "request_type_id": (None, *TYPES)[choice % 3],
                "subject": "x",
                "created_at": self.now,
                "updated_at": self.now,
                "talk": talk.number,
            }
        )
        self._event(talk, "ticket.opened", "contact", ticket_id=number, media=0)


async def empty_desk(session: AsyncSession) -> None:
    """Takes away what an earlier example left."""
    for table in (
        *(ReportServiceTag, ReportService, ReportCell, EventCursor, Event),
        *(ConversationTicket, Ticket, Conversation),
    ):
        await session.execute(delete(table))


async def furnish(session: AsyncSession) -> None:
    """People, queues and customers, whose numbers begin at 1; the first queue keeps hours."""
    values: list[tuple[Any, list[dict[str, Any]]]] = [
        (
            BusinessCalendar,
            [
                {
                    "id": 1,
                    "name": "Comercial",
                    "timezone": "America/Sao_Paulo",
                    "state": "SP",
                    "city": "",
                    "week": WEEK,
                    "own_holidays": [],
                    "worked_holidays": [],
                    "created_at": BEGIN,
                }
            ],
        ),
        (
            Queue,
            [
                {
                    "id": n,
                    "slug": f"q{n}",
                    "name": f"Fila {n}",
                    "calendar_id": 1 if n == 1 else None,
                }
                for n in QUEUES
            ],
        ),
        (
            User,
            [
                {
                    "id": n,
                    "email": f"a{n}@x.example",
                    "name": f"Agente {n}",
                    "role": Role.SUPERVISOR if n == 1 else Role.AGENT,
                    "password_hash": "",
                    "created_at": BEGIN,
                }
                for n in AGENTS
            ],
        ),
        (
            Channel,
            [
                {"id": n, "kind": "webchat", "slug": f"c{n}", "brand": "A", "created_at": BEGIN}
                for n in CHANNELS
            ],
        ),
        (
            Company,
            [
                {"id": n, "cnpj": f"{n:014d}", "name": f"Empresa {n}", "created_at": BEGIN}
                for n in COMPANIES
            ],
        ),
        (RequestType, [{"id": n, "name": f"Tipo {n}", "synthetic": True} for n in TYPES]),
        (
            Contact,
            [
                {"id": n, "name": f"Cliente {n}", "created_at": BEGIN}
                for n in range(1, CONVERSATIONS + 1)
            ],
        ),
        (ContactCompany, [{"contact_id": 1, "company_id": 2, "created_at": BEGIN}]),
    ]
    for table, rows in values:
        await session.execute(insert(table), rows)


async def write_history(session: AsyncSession, history: History) -> None:
    """Conversations, tickets and events, as if they had happened here."""
    for talk in history.talks.values():
        session.add(
            Conversation(
                id=talk.number,
                public_id=f"p{talk.number}",
                contact_id=talk.number,
                channel_id=CHANNELS[talk.number % 2],
                external_chat=f"x{talk.number}",
                status_since=BEGIN,
                last_message_at=BEGIN,
                created_at=BEGIN,
            )
        )
    await session.flush()
    for row in history.tickets:
        ticket = {name: value for name, value in row.items() if name != "talk"}
        await session.execute(insert(Ticket), [ticket])
        link = {"conversation_id": row["talk"], "ticket_id": row["id"]}
        await session.execute(insert(ConversationTicket), [link])
    await session.execute(insert(Event), history.events)
