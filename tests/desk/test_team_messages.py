"""What the team writes, what is edited and deleted, and who sees what of it."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from desk.conversations.ownership import claim
from desk.conversations.tables import Conversation, Message, MessageRevision
from desk.conversations.team_messages import (
    add_note,
    delete_message,
    edit_message,
    post_agent_message,
)
from desk.conversations.thread import MessageView, Side, latest_messages, messages_after
from desk.db import Database
from desk.errors import Conflict, Invalid, NotFound
from desk.events.log import by_agent, by_contact
from desk.states import Status
from desk.team.tables import User
from tests.desk.building import (
    a_new_conversation,
    a_user,
    bot_answers,
    customer_writes,
    fresh,
    messages_of,
)


async def in_service(database: Database, kind: str = "webchat") -> tuple[Conversation, User]:
    """A conversation that Ana has."""
    conversation = await a_new_conversation(database, kind)
    async with database.transaction() as session:
        ana = await a_user(session)
        await claim(session, conversation.id, ana)
    return conversation, ana


async def ana_writes(
    database: Database, conversation: Conversation, user: User, text: str, **more: object
) -> Message:
    async with database.transaction() as session:
        return await post_agent_message(
            session,
            conversation.id,
            user,
            text=text,
            **more,  # type: ignore[arg-type]
        )


async def seen_by(
    database: Database, conversation: Conversation, side: Side
) -> Sequence[MessageView]:
    async with database.reading() as session:
        current = await session.get_one(Conversation, conversation.id)
        return await messages_after(session, current, 0, side)


@pytest.mark.parametrize(("kind", "state"), [("webchat", "sent"), ("telegram", "pending")])
async def test_the_first_answer_puts_the_conversation_in_service(
    database: Database, kind: str, state: str
) -> None:
    conversation, ana = await in_service(database, kind)
    await customer_writes(database, conversation, "oi")
    message = await ana_writes(database, conversation, ana, "Olá, sou a Ana.")
    assert message.state == state
    now = await fresh(database, conversation)
    assert (now.status, now.waiting_since) == (Status.IN_SERVICE, None)
    assert now.agent_seen_seq == message.seq


async def test_the_same_client_id_sends_once(database: Database) -> None:
    conversation, ana = await in_service(database)
    first = await ana_writes(database, conversation, ana, "oi", client_id="x-1")
    again = await ana_writes(database, conversation, ana, "oi", client_id="x-1")
    assert again.id == first.id
    with pytest.raises(Conflict):
        await ana_writes(database, conversation, ana, "outra", client_id="x-1")
    assert len(await messages_of(database, conversation)) == 1


async def test_nobody_writes_where_no_person_has_the_conversation(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
    with pytest.raises(Conflict):
        await ana_writes(database, conversation, ana, "oi")
    await customer_writes(database, conversation, "oi")
    assert [row.author_kind for row in await messages_of(database, conversation)] == ["contact"]


async def test_an_empty_message_and_a_foreign_quote_are_refused(database: Database) -> None:
    conversation, ana = await in_service(database)
    elsewhere = await a_new_conversation(database, "local")
    foreign = await customer_writes(database, elsewhere, "segredo")
    for field, more in (("text", {}), ("reply_to", {"reply_to_id": foreign.message.id})):
        with pytest.raises(Invalid) as refused:
            await ana_writes(
                database, conversation, ana, " " if field == "text" else "veja", **more
            )
        assert refused.value.field == field


async def test_a_note_is_seen_by_the_team_alone_and_answers_nothing(database: Database) -> None:
    conversation, ana = await in_service(database)
    await customer_writes(database, conversation, "oi")
    async with database.transaction() as session:
        await add_note(session, conversation.id, ana, "cliente antigo")
    assert [view.text for view in await seen_by(database, conversation, "team")] == [
        "oi",
        "cliente antigo",
    ]
    assert [view.text for view in await seen_by(database, conversation, "contact")] == ["oi"]
    now = await fresh(database, conversation)
    assert now.status is Status.OPEN
    assert now.waiting_since is not None


async def test_an_edit_is_seen_on_both_sides_and_keeps_what_was_said(database: Database) -> None:
    conversation, ana = await in_service(database)
    message = await ana_writes(database, conversation, ana, "um")
    for text in ("dois", "dois", "três"):
        async with database.transaction() as session:
            await edit_message(session, conversation.id, message.id, text, by_agent(ana.id))
    for side in ("contact", "team"):
        (view,) = await seen_by(database, conversation, side)
        assert view.text == "três"
        assert view.edited_at is not None
    async with database.reading() as session:
        query = select(MessageRevision.text).order_by(MessageRevision.id)
        assert (await session.execute(query)).scalars().all() == ["um", "dois"]


async def test_a_deletion_hides_on_the_side_that_deleted(database: Database) -> None:
    conversation, ana = await in_service(database)
    theirs = (await customer_writes(database, conversation, "meu segredo")).message
    ours = await ana_writes(database, conversation, ana, "engano")
    async with database.transaction() as session:
        contact = by_contact(conversation.contact_id)
        await delete_message(session, conversation.id, theirs.id, contact)
        await delete_message(session, conversation.id, ours.id, by_agent(ana.id))
    shown = {
        side: [(view.text, view.deleted) for view in await seen_by(database, conversation, side)]
        for side in ("contact", "team")
    }
    assert shown == {
        "contact": [("", True), ("engano", False)],
        "team": [("meu segredo", False), ("", True)],
    }
    assert [row.text for row in await messages_of(database, conversation)] == [
        "meu segredo",
        "engano",
    ]


async def test_nobody_changes_the_words_of_another(database: Database) -> None:
    conversation, ana = await in_service(database)
    elsewhere = await a_new_conversation(database, "local")
    async with database.transaction() as session:
        bruno = await a_user(session, "bruno@demo.ponte")
    theirs = (await customer_writes(database, conversation, "oi")).message
    ours = await ana_writes(database, conversation, ana, "olá")
    contact = by_contact(conversation.contact_id)
    attempts = [
        (conversation, theirs, by_agent(ana.id)),
        (conversation, ours, by_agent(bruno.id)),
        (conversation, ours, contact),
        (elsewhere, theirs, contact),
    ]
    for where, message, actor in attempts:
        with pytest.raises(NotFound):
            async with database.transaction() as session:
                await edit_message(session, where.id, message.id, "outra", actor)
        with pytest.raises(NotFound):
            async with database.transaction() as session:
                await delete_message(session, where.id, message.id, actor)
    with pytest.raises(NotFound):
        async with database.transaction() as session:
            await edit_message(session, conversation.id, 2**40, "outra", contact)


async def test_the_customer_sees_the_brand_and_the_team_the_name(database: Database) -> None:
    conversation, ana = await in_service(database)
    await ana_writes(database, conversation, ana, "olá")
    (for_contact,) = await seen_by(database, conversation, "contact")
    (for_team,) = await seen_by(database, conversation, "team")
    assert (for_contact.author_name, for_team.author_name) == ("Acme", "Ana Silva")


async def test_the_bots_news_and_what_was_suppressed_are_not_the_customers_to_see(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database, "telegram")
    await customer_writes(database, conversation, "oi")
    await bot_answers(database, conversation, "Olá!")
    async with database.transaction() as session:
        ana = await a_user(session)
        await claim(session, conversation.id, ana)
    assert [view.text for view in await seen_by(database, conversation, "contact")] == ["oi"]
    assert [view.text for view in await seen_by(database, conversation, "team")] == ["oi", "Olá!"]


async def test_the_newest_messages_come_in_pages_from_the_end(database: Database) -> None:
    conversation = await a_new_conversation(database)
    for number in range(1, 8):
        await customer_writes(database, conversation, str(number))
    async with database.reading() as session:
        current = await session.get_one(Conversation, conversation.id)
        newest = await latest_messages(session, current, "team", limit=3)
        before = await latest_messages(session, current, "team", before=newest[0].seq, limit=3)
        following = await messages_after(session, current, 2, "team", limit=2)
    assert [view.text for view in newest] == ["5", "6", "7"]
    assert [view.text for view in before] == ["2", "3", "4"]
    assert [view.text for view in following] == ["3", "4"]


async def test_a_note_sent_again_is_written_once(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session, queues=["suporte"])
        first = await add_note(session, conversation.id, ana, "ligar depois", "n-1")
        again = await add_note(session, conversation.id, ana, "ligar depois", "n-1")
        assert first.id == again.id
        with pytest.raises(Conflict):
            await add_note(session, conversation.id, ana, "outra coisa", "n-1")
