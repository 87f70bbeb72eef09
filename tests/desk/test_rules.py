"""Rules on waiting, silence and status: once for a conversation and period, never in circles."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from sqlalchemy import select, update

from desk.channels.tables import Channel
from desk.conversations.ownership import claim, set_priority, set_status
from desk.conversations.rules.dry_run import DryRun, try_rule
from desk.conversations.rules.fire import Due, due_timers, fire_rule, firings_of
from desk.conversations.rules.plan import PLAN_KINDS, plan_conversations, plan_next_batch
from desk.conversations.rules.settings import (
    RuleValues,
    change_rule,
    create_rule,
    list_rules,
    rule_values,
    switch_rule,
)
from desk.conversations.rules.tables import Rule
from desk.conversations.tables import Conversation, Message
from desk.conversations.tagging import tag_conversation, untag_conversation
from desk.conversations.team_messages import post_agent_message
from desk.db import Database
from desk.errors import Invalid
from desk.events.log import SYSTEM, by_agent
from desk.events.tables import Event
from desk.hours.calendars import CalendarDraft, add_calendar
from desk.states import Status
from desk.tags.settings import TagValues, create_tag
from desk.tags.tables import Tag
from desk.team.tables import Queue, Role
from tests.desk.building import a_queue, customer_writes, messages_of
from tests.desk.waiting import WaitingDesk

ZONE = ZoneInfo("America/Sao_Paulo")
REMIND = RuleValues(
    name="Lembrar o cliente",
    status=Status.WAITING,
    amount=3,
    unit="days",
    message="{{greeting}}, {{contact.first_name}}! Ainda precisa de ajuda?",
)
RESOLVE = RuleValues(
    name="Resolver", status=Status.WAITING, amount=7, unit="days", set_status=Status.RESOLVED
)


class Desk:
    """The queue Suporte with Ana, and the loop that keeps rules."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.team = WaitingDesk(database)
        self._seq = 0

    async def open(self) -> "Desk":
        await self.team.open("ana")
        await self.team.join("sueli", Role.SUPERVISOR, ())
        return self

    async def rule(self, values: RuleValues, *, active: bool = True) -> Rule:
        async with self.database.transaction() as session:
            rule = await create_rule(session, values, SYSTEM)
            await switch_rule(session, rule, active, SYSTEM)
        await self.follow()
        return rule

    async def follow(self) -> None:
        """What the loop does with events and rules that it has not read yet."""
        async with self.database.transaction() as session:
            query = select(Event).where(Event.seq > self._seq, Event.kind.in_(PLAN_KINDS))
            events = (await session.execute(query.order_by(Event.seq))).scalars().all()
            touched = {event.conversation_id for event in events}
            await plan_conversations(session, {each for each in touched if each is not None})
            self._seq = max([self._seq, *(event.seq for event in events)])
        more = True
        while more:
            async with self.database.transaction() as session:
                more = await plan_next_batch(session)

    async def fire(self, *, days: float = 0, hours: float = 0) -> list[str]:
        """Everything that is due so long from now, fired; what was done, rule by rule."""
        await self.follow()
        at = datetime.now(UTC) + timedelta(days=days, hours=hours, seconds=1)
        did = []
        async with self.database.reading() as session:
            due = await due_timers(session, at)
        for each in due:
            async with self.database.transaction() as session:
                done = await fire_rule(session, each, ZONE, at)
                rule = await session.get_one(Rule, each.rule_id)
            if done is not None:
                what = [*done.done, *(f"{key}!{why}" for key, why in done.refused.items())]
                did.append(f"{rule.name}: {', '.join(what)}")
        await self.follow()
        return did

    async def waiting(self, name: str = "maria") -> Conversation:
        """Somebody with Ana, who set the conversation aside."""
        await self.team.wait(name)
        conversation = self.team.conversations[name]
        async with self.database.transaction() as session:
            await claim(session, conversation.id, self.ana)
            await post_agent_message(session, conversation.id, self.ana, text="Mande o recibo.")
        await self.status(conversation, Status.WAITING)
        return conversation

    async def status(self, conversation: Conversation, status: Status) -> None:
        async with self.database.transaction() as session:
            await set_status(session, conversation.id, status, by_agent(self.ana.id))
        await self.follow()

    async def try_out(self, values: RuleValues, since: datetime, until: datetime) -> DryRun:
        async with self.database.reading() as session:
            return await try_rule(session, values, since, until)

    async def long_ago(self, days: float) -> None:
        """All that happened lies so many days back."""
        back = timedelta(days=days)
        async with self.database.transaction() as session:
            for event in (await session.execute(select(Event))).scalars().all():
                event.at -= back
            for conversation in (await session.execute(select(Conversation))).scalars().all():
                conversation.status_since -= back
            for message in (await session.execute(select(Message))).scalars().all():
                message.created_at -= back

    @property
    def ana(self):  # type: ignore[no-untyped-def]
        return self.team.users["ana"]


@pytest.fixture
async def desk(database: Database) -> Desk:
    return await Desk(database).open()


def said_by_rules(messages: Sequence[Message]) -> list[str]:
    return [each.text for each in messages if each.data.get("rule_id")]


async def test_who_waits_three_days_is_reminded_and_after_seven_it_is_resolved(desk: Desk) -> None:
    reminding = await desk.rule(REMIND)
    await desk.rule(RESOLVE)
    maria = await desk.waiting()
    assert await desk.fire(days=2) == []
    assert await desk.fire(days=3) == ["Lembrar o cliente: message"]
    assert await desk.fire(days=4) == []
    assert await desk.fire(days=7) == ["Resolver: status"]
    (text,) = said_by_rules(await messages_of(desk.database, maria))
    assert text.endswith(", maria! Ainda precisa de ajuda?")
    assert "{{" not in text
    assert (await desk.team.one("maria")).status is Status.RESOLVED
    async with desk.database.reading() as session:
        query = select(Event).where(Event.kind == "rule.fired").order_by(Event.seq)
        fired = (await session.execute(query)).scalars().all()
        sent = select(Event).where(Event.kind == "message.created", Event.actor_kind == "rule")
        (message,) = (await session.execute(sent)).scalars().all()
    assert (fired[0].actor_kind, fired[0].actor_id) == ("rule", reminding.id)
    assert message.actor_id == reminding.id


async def test_the_end_of_the_condition_begins_a_new_period(desk: Desk) -> None:
    await desk.rule(REMIND)
    maria = await desk.waiting()
    assert len(await desk.fire(days=3)) == 1
    await desk.status(maria, Status.IN_SERVICE)
    assert await desk.fire(days=30) == []
    await desk.status(maria, Status.WAITING)
    assert await desk.fire(days=2) == []
    assert len(await desk.fire(days=3)) == 1


async def test_two_processes_and_a_retry_act_once(desk: Desk) -> None:
    rule = await desk.rule(REMIND)
    maria = await desk.waiting()
    at = datetime.now(UTC) + timedelta(days=3, seconds=1)

    async def fire() -> bool:
        async with desk.database.transaction() as session:
            return await fire_rule(session, Due(rule.id, maria.id), ZONE, at) is not None

    assert sorted(await asyncio.gather(fire(), fire(), fire())) == [False, False, True]
    await desk.follow()
    assert await fire() is False
    assert len(said_by_rules(await messages_of(desk.database, maria))) == 1
    async with desk.database.reading() as session:
        (firing,) = await firings_of(session, rule.id)
    assert firing.done == ["message"]


async def test_what_changed_before_the_rule_acted_is_seen(desk: Desk) -> None:
    rule = await desk.rule(REMIND)
    maria = await desk.waiting()
    async with desk.database.transaction() as session:  # The loop has not read this yet.
        await set_status(session, maria.id, Status.IN_SERVICE, by_agent(desk.ana.id))
    at = datetime.now(UTC) + timedelta(days=3)
    async with desk.database.transaction() as session:
        assert await fire_rule(session, Due(rule.id, maria.id), ZONE, at) is None
    assert said_by_rules(await messages_of(desk.database, maria)) == []


async def test_a_silent_customer_is_reminded_once_for_each_word_of_ours(desk: Desk) -> None:
    await desk.rule(
        RuleValues(
            name="Silêncio", basis="contact_silent", amount=2, unit="hours", message="Tudo bem?"
        )
    )
    maria = await desk.waiting()
    assert await desk.fire(hours=1) == []
    assert await desk.fire(hours=2) == ["Silêncio: message"]
    # Its own reminder is no word that would be waited on in turn.
    assert await desk.fire(hours=200) == []
    await customer_writes(desk.database, maria, "tudo, já mando")
    assert await desk.fire(hours=200) == []
    async with desk.database.transaction() as session:
        await post_agent_message(session, maria.id, desk.ana, text="Obrigada, fico no aguardo.")
    assert await desk.fire(hours=2) == ["Silêncio: message"]


async def test_a_team_that_lets_somebody_wait_is_told_in_a_note(desk: Desk) -> None:
    await desk.rule(
        RuleValues(
            name="Demora",
            basis="team_silent",
            amount=30,
            unit="minutes",
            note="Cliente esperando há meia hora.",
            notify=True,
            set_priority=2,
        )
    )
    await desk.team.wait("maria")
    assert await desk.fire(hours=0.4) == []
    assert await desk.fire(hours=0.5) == ["Demora: note, priority"]
    maria = await desk.team.one("maria")
    assert maria.priority == 2
    async with desk.database.reading() as session:
        query = select(Event).where(Event.kind == "note.mentioned")
        (mention,) = (await session.execute(query)).scalars().all()
    assert mention.data["user_ids"] == [desk.ana.id]
    assert mention.actor_kind == "rule"


async def test_two_rules_that_undo_each_other_stop_after_one_round(desk: Desk) -> None:
    await desk.rule(
        RuleValues(
            name="Vai", status=Status.WAITING, amount=1, unit="hours", set_status=Status.OPEN
        )
    )
    await desk.rule(
        RuleValues(
            name="Volta", status=Status.OPEN, amount=1, unit="hours", set_status=Status.WAITING
        )
    )
    maria = await desk.waiting()
    acted = []
    for hours in range(1, 12):
        acted += await desk.fire(hours=hours)
    assert acted == ["Vai: status", "Volta: status"]
    await customer_writes(desk.database, maria, "oi?")
    assert await desk.fire(hours=12) == ["Vai: status"]


async def test_conditions_on_queue_priority_tag_and_channel_all_hold(desk: Desk) -> None:
    async with desk.database.transaction() as session:
        other = await a_queue(session, "financeiro", position=1)
        tag = await create_tag(session, TagValues(name="Cobrança"), SYSTEM)
        channel = (await session.execute(select(Channel))).scalar_one()
    maria = await desk.waiting()
    base = REMIND.model_dump()
    for name, conditions in (
        ("outra fila", {"if_queue_id": other.id}),
        ("fila", {"if_queue_id": desk.team.queue.id}),
        ("urgente", {"if_priority": 2}),
        ("etiqueta", {"if_tag_id": tag.id}),
        ("canal", {"if_channel_id": channel.id}),
    ):
        await desk.rule(RuleValues(**{**base, **conditions, "name": name}))
    assert await desk.fire(days=3) == ["fila: message", "canal: message"]
    async with desk.database.transaction() as session:
        await set_priority(session, maria.id, 2, SYSTEM)
        held = await session.get_one(Conversation, maria.id)
        await tag_conversation(session, held, await session.get_one(Tag, tag.id), SYSTEM)
    assert await desk.fire(days=4) == ["urgente: message", "etiqueta: message"]
    async with desk.database.transaction() as session:
        held = await session.get_one(Conversation, maria.id)
        await untag_conversation(session, held, await session.get_one(Tag, tag.id), SYSTEM)
        await tag_conversation(session, held, await session.get_one(Tag, tag.id), SYSTEM)
    assert await desk.fire(days=5) == []  # The period is the same.


async def test_what_was_due_before_the_rule_was_switched_on_is_left_alone_unless_asked(
    desk: Desk,
) -> None:
    await desk.waiting()
    await desk.long_ago(days=10)
    await desk.rule(REMIND)
    assert await desk.fire() == []
    await desk.rule(REMIND.model_copy(update={"name": "Também antigas", "also_past": True}))
    assert await desk.fire() == ["Também antigas: message"]


async def test_a_rule_that_is_off_does_nothing_and_keeps_what_it_did(desk: Desk) -> None:
    rule = await desk.rule(REMIND)
    await desk.waiting()
    assert len(await desk.fire(days=3)) == 1
    joao = await desk.waiting("joao")
    async with desk.database.transaction() as session:
        await switch_rule(session, await session.get_one(Rule, rule.id), False, SYSTEM)
    assert await desk.fire(days=3) == []
    assert said_by_rules(await messages_of(desk.database, joao)) == []
    async with desk.database.reading() as session:
        assert len(await firings_of(session, rule.id)) == 1


async def test_a_changed_rule_counts_anew(desk: Desk) -> None:
    rule = await desk.rule(REMIND)
    await desk.waiting()
    async with desk.database.transaction() as session:
        held = await session.get_one(Rule, rule.id)
        await change_rule(session, held, REMIND.model_copy(update={"amount": 1}), SYSTEM)
    assert await desk.fire(days=1) == ["Lembrar o cliente: message"]


async def test_business_time_counts_the_hours_of_the_queue(desk: Desk) -> None:
    now = datetime.now(UTC)
    closed_today = {str(day): [["00:00", "24:00"]] for day in range(7) if day != now.weekday()}
    async with desk.database.transaction() as session:
        draft = CalendarDraft(name="Menos hoje", week=closed_today, timezone="UTC")
        calendar = await add_calendar(session, draft, SYSTEM)
        queue = await session.get_one(Queue, desk.team.queue.id)
        queue.calendar_id = calendar.id
    values = REMIND.model_copy(update={"time": "business", "unit": "hours", "amount": 1})
    await desk.rule(values)
    await desk.waiting()
    hours_left = 24 - (now.hour + now.minute / 60)
    assert await desk.fire(hours=hours_left - 0.1) == []
    assert await desk.fire(days=4) == ["Lembrar o cliente: message"]


async def test_a_closed_whatsapp_window_is_told_and_the_rest_is_done(desk: Desk) -> None:
    await desk.rule(REMIND.model_copy(update={"set_status": Status.RESOLVED}))
    maria = await desk.waiting()
    async with desk.database.transaction() as session:
        await session.execute(update(Channel).values(kind="whatsapp_cloud"))
    assert await desk.fire(days=3) == ["Lembrar o cliente: status, message!window_closed"]
    assert said_by_rules(await messages_of(desk.database, maria)) == []


async def test_the_dry_run_tells_what_the_rule_would_have_done_and_changes_nothing(
    desk: Desk,
) -> None:
    maria = await desk.waiting()
    joao = await desk.waiting("joao")
    await desk.status(joao, Status.IN_SERVICE)
    await desk.long_ago(days=10)
    now = datetime.now(UTC)
    month = (now - timedelta(days=30), now + timedelta(days=1))
    found = await desk.try_out(REMIND, *month)
    assert [(row.public_id, row.contact_name) for row in found.rows] == [(maria.public_id, "maria")]
    assert (found.total, found.conversations, found.is_whole) == (1, 1, True)
    assert now - timedelta(days=7, minutes=5) < found.rows[0].at < now - timedelta(days=6.9)
    assert (await desk.try_out(REMIND, now - timedelta(days=5), now)).total == 0
    longer = REMIND.model_copy(update={"amount": 11})
    assert (await desk.try_out(longer, *month)).total == 0
    silent = REMIND.model_copy(update={"basis": "contact_silent", "status": None})
    assert (await desk.try_out(silent, *month)).total == 2
    assert said_by_rules(await messages_of(desk.database, maria)) == []


async def test_the_dry_run_and_the_living_rule_agree(desk: Desk) -> None:
    values = REMIND.model_copy(update={"also_past": True})
    for name in ("um", "dois", "tres"):
        conversation = await desk.waiting(name)
        if name == "dois":
            await customer_writes(desk.database, conversation, "voltei")
            await desk.status(conversation, Status.OPEN)
    await desk.long_ago(days=4)
    now = datetime.now(UTC)
    tried = await desk.try_out(values, now - timedelta(days=30), now + timedelta(days=1))
    await desk.rule(values)
    done = await desk.fire()
    assert len(done) == tried.total == 2


def refusal(**values: object) -> str:
    with pytest.raises(ValidationError) as caught:
        RuleValues(**{**REMIND.model_dump(), **values})
    return str(caught.value)


def test_a_rule_that_makes_no_sense_is_refused_in_words() -> None:
    assert "Escolha o status" in refusal(status=None)
    assert "conte em horas" in refusal(time="business")
    assert "ao menos uma ação" in refusal(message="")
    assert "Escreva a nota" in refusal(notify=True)


async def test_a_message_that_could_not_be_filled_and_a_tag_that_is_gone_are_refused(
    desk: Desk,
) -> None:
    async with desk.database.transaction() as session:
        with pytest.raises(Invalid, match="não existe") as wrong:
            await create_rule(session, REMIND.model_copy(update={"message": "{{cpf}}"}), SYSTEM)
        assert wrong.value.field == "message"
        with pytest.raises(Invalid) as gone:
            await create_rule(session, REMIND.model_copy(update={"add_tag_id": 99}), SYSTEM)
        assert gone.value.field == "add_tag_id"
        assert await list_rules(session) == []


async def test_what_a_rule_says_to_customers_is_told_in_no_event(desk: Desk) -> None:
    rule = await desk.rule(REMIND, active=False)
    async with desk.database.transaction() as session:
        held = await session.get_one(Rule, rule.id)
        changed = REMIND.model_copy(update={"message": "Outra coisa", "amount": 5})
        await change_rule(session, held, changed, by_agent(desk.ana.id))
        assert rule_values(held).message == "Outra coisa"
    async with desk.database.reading() as session:
        query = select(Event).where(Event.kind.like("rule.%")).order_by(Event.seq)
        events = (await session.execute(query)).scalars().all()
    assert [event.kind for event in events] == ["rule.created", "rule.changed"]
    assert "Outra coisa" not in str(events[1].data)
    assert events[1].data["after"] == {"amount": 5}
