"""The news of a ticket are answered on the spot."""

from sqlalchemy import delete, select

from desk.conversations.tables import ConversationTicket
from desk.db import Database
from desk.tickets.tables import Ticket, TicketAction, TicketMedia
from tests.actions.talking import Talk, a_known_talk, words
from tests.actions.test_tickets import opened
from tests.actions.things import some_files


async def told_news(database: Database) -> tuple[Talk, Ticket]:
    """A customer with two tickets, the first of which has news."""
    talk = await a_known_talk(database)
    ticket = await opened(talk)
    await opened(talk, "Outra coisa")
    return talk, ticket


async def answers(talk: Talk, ticket: Ticket, text: str, files: tuple[int, ...] = ()) -> list[str]:
    entity = {"entity": "ticket_number", "value": ticket.number}
    await talk.hears(text, "post_action", files=files, news_ticket=ticket.number, entities=[entity])
    return words(await talk.do("action_choose_ticket_to_answer"))


async def posted(database: Database) -> list[tuple[int, str]]:
    async with database.reading() as session:
        rows = (await session.execute(select(TicketAction))).scalars().all()
    return [(row.ticket_id, row.text) for row in rows]


async def test_plain_words_are_the_text_of_the_action(database: Database) -> None:
    talk, ticket = await told_news(database)
    assert await answers(talk, ticket, "já troquei o cabo e nada") == ["utter_action_noted"]
    assert talk.slots["next_step"] == "post_action"
    await talk.hears("fim", "goodbye")
    await talk.answers("post_form", "action_media")
    await talk.do("action_post_action")
    assert await posted(database) == [(ticket.id, "já troquei o cabo e nada")]


async def test_responder_asks_for_the_text(database: Database) -> None:
    talk, ticket = await told_news(database)
    for text in ("responder", "quero responder", "/post_action"):
        assert await answers(talk, ticket, text) == []
        assert talk.slots["ticket_id"] == ticket.id
        assert not talk.slots.get("action_text")


async def test_a_photo_alone_answers_too(database: Database) -> None:
    talk, ticket = await told_news(database)
    (file,) = await some_files(talk, 1)
    await talk.hears("", "send_media", files=(file,), news_ticket=ticket.number)
    assert words(await talk.do("action_receive_media")) == ["utter_media_received"]
    assert (talk.slots["ticket_id"], talk.slots["next_step"]) == (ticket.id, "post_action")
    await talk.hears("fim", "goodbye")
    await talk.answers("post_form", "action_text")
    await talk.do("action_post_action")
    async with database.reading() as session:
        media = (await session.execute(select(TicketMedia))).scalar_one()
    assert media.ticket_id == ticket.id


async def test_words_noted_are_posted_though_the_customer_leaves(database: Database) -> None:
    talk, ticket = await told_news(database)
    await answers(talk, ticket, "funcionou")
    talk.loop = "post_form"
    await talk.hears("sair", "goodbye")
    assert words(await talk.do("action_goodbye")) == ["utter_action_posted", "utter_goodbye"]
    assert await posted(database) == [(ticket.id, "funcionou")]


async def test_words_noted_are_posted_though_the_customer_falls_silent(
    database: Database,
) -> None:
    talk, ticket = await told_news(database)
    await answers(talk, ticket, "funcionou")
    talk.loop = "post_form"
    await talk.do("action_session_start")
    await talk.do("action_session_start")
    assert await posted(database) == [(ticket.id, "funcionou")]


async def test_in_another_form_only_responder_counts_as_an_answer(database: Database) -> None:
    talk, ticket = await told_news(database)
    await talk.hears("A tela pisca sem parar", "post_action", news_ticket=ticket.number)
    await talk.answers("ticket_form", "ticket_description")
    assert talk.slots["ticket_description"] == "A tela pisca sem parar"
    talk.slots["ticket_description"] = None
    await talk.hears("responder", "post_action", news_ticket=ticket.number)
    await talk.answers("ticket_form", "ticket_description")
    assert talk.slots["ticket_description"] is None


async def test_a_ticket_written_on_has_its_news_told_in_that_chat(database: Database) -> None:
    talk, ticket = await told_news(database)
    async with database.transaction() as session:
        await session.execute(delete(ConversationTicket))
    await answers(talk, ticket, "funcionou")
    await talk.do("action_post_action")
    async with database.reading() as session:
        linked = (await session.execute(select(ConversationTicket))).scalar_one()
    assert (linked.conversation_id, linked.ticket_id) == (talk.conversation.id, ticket.id)
