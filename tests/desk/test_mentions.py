"""A note may name colleagues: those who may see the conversation, and nobody else."""

import pytest
from sqlalchemy import select

from desk.conversations.mentions import (
    has_unseen_mention,
    mark_mentions_seen,
    mentionable_users,
    others_of_the_team,
)
from desk.conversations.ownership import assign_to_queue, claim
from desk.conversations.tables import Conversation, Mention
from desk.conversations.team_messages import add_note
from desk.conversations.thread import latest_messages
from desk.db import Database
from desk.errors import Invalid
from desk.events.log import SYSTEM, events_of_conversation
from desk.team.tables import Role, User
from tests.desk.building import a_new_conversation, a_queue, a_user


async def a_team(database: Database) -> tuple[Conversation, dict[str, User]]:
    """Ana has the conversation of the queue that Bia serves; Caio serves another."""
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        queue = await a_queue(session, "vendas")
        await a_queue(session, "outra")
        people = {
            "ana": await a_user(session, "ana@x.ponte"),
            "bia": await a_user(session, "bia@x.ponte", queues=["vendas"]),
            "caio": await a_user(session, "caio@x.ponte", queues=["outra"]),
            "sueli": await a_user(session, "sueli@x.ponte", Role.SUPERVISOR),
            "davi": await a_user(session, "davi@x.ponte", Role.DESIGNER),
        }
        gone = await a_user(session, "gil@x.ponte", queues=["vendas"])
        gone.active = False
        people["gil"] = gone
        await assign_to_queue(session, conversation.id, queue, SYSTEM)
        await claim(session, conversation.id, people["ana"])
    return conversation, people


async def a_note(database: Database, conversation: Conversation, author: User, *named: User) -> int:
    async with database.transaction() as session:
        ids = [user.id for user in named]
        note = await add_note(session, conversation.id, author, "vejam", None, ids)
        return note.id


async def test_those_may_be_named_who_see_the_conversation(database: Database) -> None:
    conversation, people = await a_team(database)
    async with database.reading() as session:
        current = await session.get_one(Conversation, conversation.id)
        everybody = await mentionable_users(session, current)
        others = await mentionable_users(session, current, but=people["ana"])
        outside = await others_of_the_team(session, current)
    assert [user.name for user in everybody] == ["Ana Silva", "Bia Silva", "Sueli Silva"]
    assert [user.name for user in others] == ["Bia Silva", "Sueli Silva"]
    assert [user.name for user in outside] == ["Caio Silva"]


async def test_who_is_named_is_told_until_they_look(database: Database) -> None:
    conversation, people = await a_team(database)
    note_id = await a_note(
        database, conversation, people["ana"], people["bia"], people["bia"], people["ana"]
    )
    async with database.reading() as session:
        current = await session.get_one(Conversation, conversation.id)
        (note,) = await latest_messages(session, current, "team")
        (event,) = await events_of_conversation(session, current.id, ["note.mentioned"])
        unseen = [
            name
            for name, user in people.items()
            if await has_unseen_mention(session, current, user)
        ]
    assert (note.id, note.mentions) == (note_id, ["Bia Silva"])
    assert event.data == {"message_id": note_id, "user_ids": [people["bia"].id]}
    assert unseen == ["bia"]
    for _ in range(2):
        async with database.transaction() as session:
            await mark_mentions_seen(session, current, people["bia"])
    async with database.reading() as session:
        assert not await has_unseen_mention(session, current, people["bia"])
        seen = await events_of_conversation(session, current.id, ["note.mention_seen"])
    assert [event.actor_id for event in seen] == [people["bia"].id]


@pytest.mark.parametrize("name", ["caio", "davi", "gil"])
async def test_naming_somebody_who_may_not_see_it_keeps_no_note(
    database: Database, name: str
) -> None:
    conversation, people = await a_team(database)
    with pytest.raises(Invalid) as refused:
        await a_note(database, conversation, people["ana"], people[name])
    assert refused.value.field == "mentions"
    async with database.reading() as session:
        assert (await session.execute(select(Mention.message_id))).first() is None
        current = await session.get_one(Conversation, conversation.id)
        assert await latest_messages(session, current, "team") == []


async def test_nobody_of_that_number_is_refused_too(database: Database) -> None:
    conversation, people = await a_team(database)
    with pytest.raises(Invalid):
        async with database.transaction() as session:
            await add_note(session, conversation.id, people["ana"], "oi", None, [987654])
