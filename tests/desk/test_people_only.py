"""Channels on which people alone answer."""

from sqlalchemy import select

from desk.channels.tables import Channel
from desk.conversations.ownership import set_status
from desk.conversations.tables import Conversation
from desk.db import Database
from desk.events.log import by_agent
from desk.states import Owner, Status
from tests.desk.building import (
    a_channel,
    a_conversation,
    a_queue,
    a_user,
    claimed_by,
    customer_writes,
    fresh,
    messages_of,
)


async def _conversation(database: Database) -> Conversation:
    async with database.transaction() as session:
        await a_queue(session)
        channel = await a_channel(session, agent_kind="human")
        return await a_conversation(session, channel)


async def test_the_first_message_waits_for_a_person_and_the_bot_is_not_asked(
    database: Database,
) -> None:
    conversation = await _conversation(database)
    await customer_writes(database, conversation, "bom dia")
    now = await fresh(database, conversation)
    assert now.owner is Owner.QUEUE
    assert now.queue_id is not None
    assert now.waiting_since is not None


async def test_after_the_end_the_bot_says_nothing_and_the_next_message_waits_again(
    database: Database,
) -> None:
    conversation = await _conversation(database)
    await customer_writes(database, conversation, "bom dia")
    async with database.transaction() as session:
        ana = await a_user(session, queues=["suporte"])
    await claimed_by(database, conversation, ana)
    async with database.transaction() as session:
        await set_status(session, conversation.id, Status.RESOLVED, by_agent(ana.id))
    assert [each.kind for each in await messages_of(database, conversation)] == ["message"]
    await customer_writes(database, conversation, "mais uma coisa")
    now = await fresh(database, conversation)
    assert (now.owner, now.status) == (Owner.QUEUE, Status.OPEN)


async def test_on_other_channels_the_bot_goes_first(database: Database) -> None:
    async with database.transaction() as session:
        await a_queue(session)
        channel = await a_channel(session)
        conversation = await a_conversation(session, channel)
    await customer_writes(database, conversation, "bom dia")
    async with database.reading() as session:
        kinds = (await session.execute(select(Channel.agent_kind))).scalars().all()
    assert list(kinds) == ["bot"]
    assert (await fresh(database, conversation)).owner is Owner.BOT
