"""One made-up service from its first message to its end, as the desk would have recorded it."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from desk.conversations.tables import (
    ConversationTag,
    ConversationTicket,
    Message,
    Rating,
)
from desk.demo_history.ledger import Ledger
from desk.hours.clock import next_opening
from desk.hours.tables import BusinessCalendar
from desk.tickets.tables import Ticket

BOT: tuple[str, int | None] = ("bot", None)
SYSTEM: tuple[str, int | None] = ("system", None)
_REASONS = ("customer_asked", "customer_asked", "customer_asked", "not_understood", "bot_failed")


@dataclass(frozen=True)
class World:
    """What services happen in: ids of queues, their people, types, tags; what is said."""

    texts: Mapping[str, Any]
    queues: Mapping[str, int]
    agents: Mapping[str, Sequence[int]]
    types: Mapping[str, Sequence[int]]
    tags: Sequence[int]
    calendar: BusinessCalendar
    now: datetime


class Service:
    """Plays one service on its conversation's row."""

    def __init__(
        self,
        ledger: Ledger,
        world: World,
        chance: random.Random,
        talk: dict[str, Any],
        company_id: int,
        at: datetime,
    ) -> None:
        self._ledger, self._world, self._chance = ledger, world, chance
        self._talk, self._company_id, self.at = talk, company_id, at
        self._contact: tuple[str, int | None] = ("contact", talk["contact_id"])
        self._agent = 0
        self._matter = chance.choices(("suporte", "financeiro", "comercial"), (60, 28, 12))[0]
        self._ticket: dict[str, Any] | None = None

    def play(self, ticket_number: str, *, is_new: bool) -> None:
        """From the first message on; what would lie after the present is left to come."""
        chance = self._chance
        if is_new:
            self._event("conversation.created", self._contact, status="open")
        self._say("in", "contact", chance.choice(self._world.texts["questions"][self._matter]), 0)
        if not is_new:
            self._status("open", self._contact)
        self._pass(2, 20)
        self._say("out", "bot", self._world.texts["bot"][0])
        if chance.random() < 0.38:
            self._bot_resolves()
        else:
            self._people_take_over(ticket_number)

    def _bot_resolves(self) -> None:
        self._pass(20, 200)
        self._say("out", "bot", self._world.texts["bot"][1])
        self._pass(30, 600)
        if not self._present():
            return
        mood = self._chance.choices((1, 0, -1), (55, 40, 5))[0]
        self._say("in", "contact", self._chance.choice(self._world.texts["moods"][str(mood)]), mood)
        self._status("resolved", BOT)
        self._rate(0.35, (2, 3, 8, 30, 57))

    def _people_take_over(self, ticket_number: str) -> None:
        chance, talk = self._chance, self._talk
        self._pass(20, 240)
        if not self._present():
            return
        queue_id = self._world.queues[self._matter]
        self._open_ticket(ticket_number, queue_id)
        self._say("out", "bot", self._world.texts["bot"][2])
        reason = chance.choice(_REASONS)
        self._owner("queue", BOT, reason, queue_id=queue_id)
        talk.update(queue_id=queue_id, assignee_id=None, waiting_since=self.at)
        waited_from = self.at
        if not self._wait_for_people():
            return
        self._agent = chance.choice(self._world.agents[self._matter])
        self._owner("agent", self._person, "claim", assignee_id=self._agent)
        talk["assignee_id"] = self._agent
        self._pass(10, 120)
        if not self._present():
            return
        self._answer_first(waited_from)
        mood = self._mood_after((self.at - waited_from).total_seconds())
        if self._work(mood):
            self._end(mood)

    def _wait_for_people(self) -> bool:
        """Until somebody of an open queue is free."""
        opens = next_opening(self._world.calendar, self.at) or self.at
        wait = self._chance.expovariate(1 / 420) * (2.5 if self.at.weekday() == 0 else 1)
        self.at = max(self.at, opens) + timedelta(seconds=20 + wait)
        return self._present()

    def _answer_first(self, waited_from: datetime) -> None:
        seconds = round((self.at - waited_from).total_seconds(), 3)
        queue_id = self._talk["queue_id"]
        self._event("conversation.first_response", self._person, queue_id=queue_id, seconds=seconds)
        self._say("out", "agent", self._world.texts["agent"][0])
        self._talk["waiting_since"] = None
        self._status("in_service", self._person)

    def _work(self, mood: int) -> bool:
        """Words to and fro, perhaps to other hands, perhaps waiting; False: it is still so."""
        chance, texts = self._chance, self._world.texts
        for turn in range(chance.randint(1, 4)):
            self._pass(40, 900)
            if not self._present():
                return False
            felt = mood if turn else 0
            self._say("in", "contact", chance.choice(texts["moods"][str(felt)]), felt)
            self._pass(30, 600)
            if not self._present():
                return False
            self._say("out", "agent", texts["agent"][1 + turn % 2])
        if chance.random() < 0.14:
            self._hand_on()
        if chance.random() < 0.22:
            self._status("waiting", self._person)
            self._pass(3_600, 3 * 86_400)
            if not self._present():
                return False
            self._status("in_service", self._person)
        self._mood(mood)
        if chance.random() < 0.18:
            self._tag(chance.choice(self._world.tags))
        self._pass(30, 900)
        return self._present()

    def _hand_on(self) -> None:
        others = [each for each in self._world.agents[self._matter] if each != self._agent]
        self._pass(30, 300)
        if not others or not self._present():
            return
        former, self._agent = self._agent, self._chance.choice(others)
        actor = ("agent", former)
        self._owner("agent", actor, "assign", former_assignee_id=former, assignee_id=self._agent)
        self._talk["assignee_id"] = self._agent

    def _end(self, mood: int) -> None:
        self._say("out", "agent", self._world.texts["agent"][3])
        status = "closed" if self._chance.random() < 0.12 else "resolved"
        self._status(status, self._person)
        if self._ticket is not None:
            self._ticket.update(status=status, updated_at=self.at)
            self._event(
                "ticket.status_changed",
                self._person,
                ticket_id=self._ticket["id"],
                on_conversation=False,
                before="open",
                after=status,
                told_otherwise=True,
            )
        self._owner("bot", self._person, "release", former_assignee_id=self._agent, outcome=status)
        weights = {1: (1, 2, 6, 25, 66), 0: (4, 8, 22, 40, 26), -1: (40, 28, 18, 9, 5)}[mood]
        self._rate(0.45, weights)

    def _rate(self, likely: float, weights: Sequence[int]) -> None:
        self._pass(20, 400)
        if self._chance.random() >= likely or not self._present():
            return
        score = self._chance.choices((1, 2, 3, 4, 5), weights)[0]
        said = self._say("in", "contact", str(score), 0)
        self._ledger.add(
            Rating,
            conversation_id=self._talk["id"],
            agent_id=self._talk["assignee_id"],
            score=score,
            comment="",
            created_at=self.at,
        )
        self._event("conversation.rated", self._contact, score=score, message_id=said)

    def _open_ticket(self, number: str, queue_id: int) -> None:
        types = self._world.types[self._matter]
        self._ticket = self._ledger.add(
            Ticket,
            number=number,
            contact_id=self._talk["contact_id"],
            company_id=self._company_id,
            request_type_id=self._chance.choice(types) if types else None,
            queue_id=queue_id,
            subject=self._world.texts["questions"][self._matter][0],
            description="",
            status="open",
            contact_seen_at=self.at,
            created_at=self.at,
            updated_at=self.at,
        )
        ticket_id = self._ticket["id"]
        self._event("ticket.opened", self._contact, ticket_id=ticket_id, media=0)
        self._ledger.add(
            ConversationTicket,
            conversation_id=self._talk["id"],
            ticket_id=ticket_id,
            made_by_handoff=True,
        )

    def _say(self, direction: str, author: str, words: str, mood: int | None = None) -> int:
        talk = self._talk
        talk["last_seq"] += 1
        seq = talk["last_seq"]
        talk.update(last_message_seq=seq, last_message_at=self.at, agent_seen_seq=seq)
        if direction == "in":
            talk["last_contact_seq"] = seq
        state = "done" if direction == "in" else "sent"
        message = self._ledger.add(
            Message,
            conversation_id=talk["id"],
            channel_id=talk["channel_id"],
            external_chat=talk["external_chat"],
            seq=seq,
            direction=direction,
            kind="message",
            author_kind=author,
            author_user_id=self._agent if author == "agent" else None,
            text=words,
            state=state,
            epoch=talk["epoch"],
            sentiment=mood,
            created_at=self.at,
        )
        actor = {"contact": self._contact, "bot": BOT}.get(author, self._person)
        message_id: int = message["id"]
        self._event(
            "message.created",
            actor,
            message_id=message_id,
            seq=seq,
            direction=direction,
            message_kind="message",
            state=state,
        )
        return message_id

    def _status(self, after: str, actor: tuple[str, int | None]) -> None:
        talk = self._talk
        before, since = talk["status"], talk["status_since"]
        talk.update(status=after, status_since=self.at)
        self._event(
            "conversation.status_changed",
            actor,
            before=before,
            after=after,
            seconds_before=round((self.at - since).total_seconds(), 3),
        )

    def _owner(self, after: str, actor: tuple[str, int | None], reason: str, **facts: Any) -> None:
        talk = self._talk
        before, talk["owner"] = talk["owner"], after
        talk["epoch"] += 1
        facts = {"after": after, "epoch": talk["epoch"], "reason": reason, **facts}
        if reason != "claim":
            facts["before"] = before
        if after == "bot":
            talk["waiting_since"] = None
        self._event("conversation.owner_changed", actor, **facts)

    def _mood(self, mood: int) -> None:
        before = self._talk["sentiment"]
        if before != mood:
            self._talk["sentiment"] = mood
            self._event("conversation.mood_changed", ("rule", None), before=before, after=mood)

    def _mood_after(self, waited_seconds: float) -> int:
        angry = min(0.5, 0.06 + waited_seconds / 40_000)
        return self._chance.choices((-1, 0, 1), (angry, 0.45, 0.55 - angry / 2))[0]

    def _tag(self, tag_id: int) -> None:
        worn = self._talk.setdefault("_tags", set())
        if tag_id in worn:
            return
        worn.add(tag_id)
        self._ledger.add(
            ConversationTag,
            conversation_id=self._talk["id"],
            tag_id=tag_id,
            created_at=self.at,
        )
        self._event("conversation.tagged", self._person, tag_id=tag_id)

    def _event(
        self,
        kind: str,
        actor: tuple[str, int | None],
        *,
        on_conversation: bool = True,
        **facts: Any,
    ) -> None:
        talk = self._talk["id"] if on_conversation else None
        self._ledger.event(self.at, kind, actor, conversation_id=talk, **facts)

    @property
    def _person(self) -> tuple[str, int | None]:
        return ("agent", self._agent)

    def _pass(self, at_least: int, at_most: int) -> None:
        micro = self._chance.randint(0, 999_999)
        seconds = self._chance.triangular(at_least, at_most, at_least)
        self.at += timedelta(seconds=int(seconds), microseconds=micro)

    def _present(self) -> bool:
        """Whether this has happened by now."""
        return self.at < self._world.now


def is_free(talk: Mapping[str, Any]) -> bool:
    """Whether a conversation has ended, so that its customer may come back."""
    return talk["status"] in ("resolved", "closed")
