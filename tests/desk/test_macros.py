"""Macros: a canned reply is sent and the conversation changed in one go, or nothing happens."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from sqlalchemy import select, update

from desk.canned.macros import MacroValues, macro_of, macros_of, set_macro
from desk.canned.save import ReplyDraft, add_reply
from desk.canned.tables import CannedReply, Macro, Scope
from desk.channels.tables import Channel
from desk.conversations.macros import Applied, Preview, apply_macro, preview_macro
from desk.conversations.ownership import claim, take_over
from desk.conversations.tables import Conversation, Message
from desk.conversations.tagging import tags_of
from desk.db import Database
from desk.errors import ClaimedByOther, Conflict, Invalid, NotAllowed, NotFound
from desk.events.log import SYSTEM
from desk.events.tables import Event
from desk.states import Owner, Status
from desk.tags.settings import TagValues, create_tag, delete_tag
from desk.tags.tables import Tag
from desk.team.tables import Queue, Role, User
from tests.desk.building import a_queue, messages_of
from tests.desk.waiting import WaitingDesk

ZONE = ZoneInfo("America/Sao_Paulo")


class Desk:
    """Ana has Maria's conversation; Bruno and Sueli (who supervises) are there, too."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.team = WaitingDesk(database)

    async def open(self) -> "Desk":
        await self.team.open("ana", "bruno")
        await self.team.join("sueli", Role.SUPERVISOR, ())
        await self.team.wait("maria")
        async with self.database.transaction() as session:
            self.finance = await a_queue(session, "financeiro", position=1)
            self.tag = await create_tag(session, TagValues(name="Boleto"), SYSTEM)
            await claim(session, self.maria.id, self.user("ana"))
        return self

    @property
    def maria(self) -> Conversation:
        return self.team.conversations["maria"]

    def user(self, name: str) -> User:
        return self.team.users[name]

    async def macro(
        self,
        text: str = "Segue o boleto, {{contact.first_name}}.",
        *,
        by: str = "sueli",
        scope: Scope = Scope.GLOBAL,
        **values: object,
    ) -> int:
        async with self.database.transaction() as session:
            draft = ReplyDraft(scope, f"m{uuid.uuid4().hex[:8]}", "Boleto", text)
            reply = await add_reply(session, self.user(by), draft)
            await set_macro(session, self.user(by), reply.id, MacroValues(**values))  # type: ignore[arg-type]
        return reply.id

    async def apply(
        self, reply_id: int, by: str = "ana", client_id: str = "", text: str | None = None
    ) -> Applied:
        async with self.database.transaction() as session:
            return await apply_macro(
                session,
                self.user(by),
                self.maria.id,
                reply_id,
                client_id=client_id or uuid.uuid4().hex,
                zone=ZONE,
                text=text,
            )

    async def preview(self, reply_id: int, by: str = "ana") -> Preview:
        async with self.database.reading() as session:
            held = await session.get_one(Conversation, self.maria.id)
            return await preview_macro(session, self.user(by), held, reply_id, ZONE)

    async def said(self) -> list[str]:
        return [each.text for each in await messages_of(self.database, self.maria)]

    async def tags(self) -> list[str]:
        async with self.database.reading() as session:
            return [tag.name for tag in await tags_of(session, self.maria)]


@pytest.fixture
async def desk(database: Database) -> Desk:
    return await Desk(database).open()


async def test_a_macro_sends_tags_raises_and_sets_the_status_in_one_go(desk: Desk) -> None:
    macro = await desk.macro(set_status=Status.WAITING, set_priority=1, tag_ids=[desk.tag.id])
    applied = await desk.apply(macro)
    assert (applied.changed, applied.is_new) == (["tag", "priority", "status"], True)
    assert await desk.said() == ["Segue o boleto, maria."]
    maria = await desk.team.one("maria")
    assert (maria.status, maria.priority, maria.owner) == (Status.WAITING, 1, Owner.AGENT)
    assert await desk.tags() == ["Boleto"]
    async with desk.database.reading() as session:
        query = select(Event).where(Event.kind == "macro.applied")
        event = (await session.execute(query)).scalar_one()
        assert (await session.get_one(CannedReply, macro)).uses == 1
    assert event.data == {"reply_id": macro, "changed": applied.changed}


async def test_what_is_said_goes_out_before_the_conversation_changes_hands_or_ends(
    desk: Desk,
) -> None:
    moving = await desk.macro(set_queue_id=desk.finance.id)
    assert (await desk.apply(moving)).changed == ["queue"]
    maria = await desk.team.one("maria")
    assert (maria.owner, maria.queue_id) == (Owner.QUEUE, desk.finance.id)
    async with desk.database.transaction() as session:
        await claim(session, maria.id, desk.user("ana"))
    ending = await desk.macro("Até logo!", set_status=Status.RESOLVED)
    await desk.apply(ending)
    maria = await desk.team.one("maria")
    assert (maria.status, maria.owner) == (Status.RESOLVED, Owner.BOT)
    said = [each for each in await desk.said() if not each.startswith("/")]
    assert said == ["Segue o boleto, maria.", "Até logo!"]


async def test_the_same_client_id_applies_it_once_even_at_the_same_time(desk: Desk) -> None:
    macro = await desk.macro(set_priority=1)
    both = await asyncio.gather(*(desk.apply(macro, client_id="c-1") for _ in range(2)))
    assert sorted(each.is_new for each in both) == [False, True]
    assert both[0].message_id == both[1].message_id
    assert len(await desk.said()) == 1
    with pytest.raises(Conflict):
        await desk.apply(macro, client_id="c-1", text="Outra coisa")


async def test_the_preview_shows_what_would_be_sent_and_changed_and_changes_nothing(
    desk: Desk,
) -> None:
    macro = await desk.macro(
        set_status=Status.WAITING,
        set_priority=2,
        set_queue_id=desk.finance.id,
        tag_ids=[desk.tag.id],
    )
    preview = await desk.preview(macro)
    assert preview.filled.text == "Segue o boleto, maria."
    assert [(step.kind, step.before, step.after) for step in preview.steps] == [
        ("status", "Aberto", "Aguardando"),
        ("priority", "Normal", "Urgente"),
        ("queue", "Suporte", "Financeiro"),
        ("tag", "", "Boleto"),
    ]
    assert preview.refusal is None
    assert (await desk.said(), await desk.tags()) == ([], [])


async def test_a_missing_value_is_refused_until_somebody_has_written_it(desk: Desk) -> None:
    macro = await desk.macro("Seu chamado {{ticket.number}} anda.", set_priority=1)
    assert [gap.variable for gap in (await desk.preview(macro)).filled.gaps] == ["ticket.number"]
    with pytest.raises(Invalid, match="número do chamado") as refusal:
        await desk.apply(macro)
    assert refusal.value.field == "text"
    assert (await desk.said(), (await desk.team.one("maria")).priority) == ([], 0)
    await desk.apply(macro, text="Seu chamado 12 anda.")
    assert await desk.said() == ["Seu chamado 12 anda."]


async def test_nothing_happens_when_a_part_may_not_be_done(desk: Desk) -> None:
    macro = await desk.macro(set_status=Status.WAITING, tag_ids=[desk.tag.id])
    async with desk.database.transaction() as session:
        await delete_tag(session, await session.get_one(Tag, desk.tag.id), SYSTEM)
    with pytest.raises(Invalid, match="excluída"):
        await desk.apply(macro)
    preview = await desk.preview(macro)
    assert isinstance(preview.refusal, Invalid)
    moving = await desk.macro(set_queue_id=desk.finance.id)
    async with desk.database.transaction() as session:
        await session.execute(update(Queue).where(Queue.id == desk.finance.id).values(active=False))
    with pytest.raises(Invalid, match="desativada"):
        await desk.apply(moving)
    assert await desk.said() == []
    assert (await desk.team.one("maria")).status is Status.OPEN


async def test_a_closed_whatsapp_window_lets_no_macro_through(desk: Desk) -> None:
    macro = await desk.macro(set_status=Status.WAITING)
    async with desk.database.transaction() as session:
        await session.execute(update(Channel).values(kind="whatsapp_cloud"))
        long_ago = datetime.now(UTC) - timedelta(hours=25)
        await session.execute(update(Message).values(created_at=long_ago))
    with pytest.raises(Conflict, match="24 horas"):
        await desk.apply(macro)
    assert (await desk.team.one("maria")).status is Status.OPEN


async def test_a_conversation_that_another_has_taken_is_not_touched(desk: Desk) -> None:
    macro = await desk.macro(set_status=Status.WAITING)
    with pytest.raises(ClaimedByOther, match="Ana Silva"):
        await desk.apply(macro, by="bruno")
    async with desk.database.transaction() as session:
        await take_over(session, desk.maria.id, desk.user("sueli"))
    with pytest.raises(ClaimedByOther, match="Sueli Silva"):
        await desk.apply(macro)
    assert await desk.said() == []


async def test_nobody_s_conversation_must_be_taken_first(desk: Desk) -> None:
    macro = await desk.macro(set_priority=1)
    async with desk.database.transaction() as session:
        await session.execute(update(Conversation).values(owner=Owner.QUEUE, assignee_id=None))
    with pytest.raises(Conflict, match="Assuma"):
        await desk.apply(macro)


async def test_agents_write_their_own_macros_but_set_no_priority_in_them(desk: Desk) -> None:
    mine = await desk.macro(by="ana", scope=Scope.PERSONAL, set_status=Status.WAITING)
    assert (await desk.apply(mine)).changed == ["status"]
    with pytest.raises(NotAllowed):
        await desk.macro(by="ana", scope=Scope.PERSONAL, set_priority=2)
    with pytest.raises(NotFound):
        await desk.apply(mine, by="bruno")
    everybodys = await desk.macro()
    async with desk.database.transaction() as session:
        with pytest.raises(NotAllowed):
            await set_macro(session, desk.user("ana"), everybodys, MacroValues(set_priority=1))


async def test_a_macro_that_changes_nothing_any_more_is_a_mere_reply(desk: Desk) -> None:
    macro = await desk.macro(set_priority=1)
    async with desk.database.transaction() as session:
        await set_macro(session, desk.user("sueli"), macro, MacroValues())
        await set_macro(session, desk.user("sueli"), macro, MacroValues())
        assert await macros_of(session, [macro]) == {}
        reply = await session.get_one(CannedReply, macro)
        assert await macro_of(session, reply) == MacroValues()
        assert (await session.execute(select(Macro))).scalars().all() == []
    async with desk.database.reading() as session:
        query = select(Event).where(Event.kind == "macro.changed")
        events = (await session.execute(query)).scalars().all()
    assert len(events) == 2
    assert events[1].data["before"] == {"set_priority": 1}


def test_ending_and_waiting_in_a_queue_do_not_go_together() -> None:
    with pytest.raises(ValidationError, match="um dos dois"):
        MacroValues(set_status=Status.RESOLVED, set_queue_id=1)
