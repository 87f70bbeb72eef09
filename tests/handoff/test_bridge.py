"""The bridge: one message at a time, in order, to the bot or to a person."""

import asyncio
from typing import Any

import pytest

from desk.companies.directory import add_company
from desk.configuration.groups import Automation
from desk.configuration.values import save_configuration
from desk.contacts.portal_access import request_credentials, reveal_credentials
from desk.contacts.registration import register_contact
from desk.conversations.handoff_tickets import ticket_for_handoff
from desk.conversations.ownership import claim, release, set_status
from desk.conversations.requests import request_handoff
from desk.conversations.tables import Conversation
from desk.conversations.team_messages import post_agent_message
from desk.db import Database
from desk.events.log import SYSTEM, by_agent
from desk.media.store import StoredFile
from desk.states import Owner, Status
from desk.team.tables import Queue, User
from desk.tickets.tables import Ticket
from desk.vault import Vault
from tests.desk.building import (
    a_new_conversation,
    a_user,
    begin_turn,
    claimed_by,
    closed_until,
    comes_online,
    customer_writes,
    finish_turn,
    fresh,
    messages_of,
)
from tests.fakes.http import Answer, FakeServer
from tests.fakes.rasa import FakeRasa, Post, gives, says, silent, waits_for
from tests.handoff.bridging import (
    ONE_ENGINE,
    SECRET_KEY,
    bridge_to,
    delivered,
    replies_of,
    running_bridge,
    until,
    until_worked,
)

PNG = StoredFile("a" * 64, "image/png", "foto.png", 10)


async def queued(database: Database) -> tuple[Conversation, User]:
    """A conversation in the queue, and Ana who serves it."""
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session, queues=["suporte"])
    await customer_writes(database, conversation, "pessoa")
    lease, turn = await begin_turn(database, conversation)
    async with database.transaction() as session:
        await request_handoff(session, conversation, turn.message_id, reason="asked")
    await finish_turn(database, lease, turn, "Chamei uma pessoa.")
    return conversation, ana


async def test_ten_messages_at_once_are_answered_in_order_one_in_flight(
    database: Database, database_url: str
) -> None:
    conversation = await a_new_conversation(database)
    rasa, elsewhere = FakeRasa(), Database(database_url)
    async with (
        FakeServer(rasa) as server,
        bridge_to(database, server.url),
        bridge_to(elsewhere, server.url),  # another process
    ):
        await asyncio.gather(
            *(customer_writes(database, conversation, f"m{number}") for number in range(10))
        )
        await until_worked(database, conversation)
    await elsewhere.close()
    asked = [row.text for row in await messages_of(database, conversation) if row.direction == "in"]
    assert rasa.texts == asked
    assert await replies_of(database, conversation) == [f"re: {text}" for text in asked]
    assert rasa.most_in_flight == 1


@ONE_ENGINE
async def test_conversations_do_not_wait_for_each_other(database: Database) -> None:
    slow, quick = await a_new_conversation(database, "a"), await a_new_conversation(database, "b")
    may_answer = asyncio.Event()
    async with running_bridge(database, FakeRasa([waits_for(may_answer, "enfim")])):
        await customer_writes(database, slow, "demora")

        async def is_asked() -> bool:
            return (await fresh(database, slow)).lease_token is not None

        await until(is_asked)
        await asyncio.sleep(0.3)
        await customer_writes(database, quick, "oi")
        await until_worked(database, quick)
        assert await replies_of(database, quick) == ["re: oi"]
        may_answer.set()
        await until_worked(database, slow)
    assert await replies_of(database, slow) == ["enfim"]


@ONE_ENGINE
async def test_rasa_is_told_what_an_action_needs_to_know(database: Database) -> None:
    conversation = await a_new_conversation(database)
    rasa = FakeRasa()
    async with running_bridge(database, rasa):
        received = await customer_writes(database, conversation, "veja", files=(PNG,))
        await until_worked(database, conversation)
    (post,) = rasa.posts
    (attachment,) = post.metadata["attachments"]
    assert post.sender == conversation.public_id
    assert post.metadata == {
        "message_id": received.message.id,
        "channel": "webchat",
        "epoch": 1,
        "attachments": [attachment],
    }
    assert attachment.items() >= {"mime": "image/png", "name": "foto.png", "size": 10}.items()


@ONE_ENGINE
async def test_a_file_without_words_is_announced_as_such(database: Database) -> None:
    conversation = await a_new_conversation(database)
    rasa = FakeRasa()
    async with running_bridge(database, rasa):
        await customer_writes(database, conversation, "", files=(PNG,))
        await until_worked(database, conversation)
    assert rasa.texts == ["/send_media"]


@ONE_ENGINE
async def test_a_turn_that_says_nothing_on_purpose_is_no_failure(database: Database) -> None:
    conversation = await a_new_conversation(database)
    rasa = FakeRasa([silent()])
    async with running_bridge(database, rasa):
        await customer_writes(database, conversation, "ok")
        await until_worked(database, conversation)
    assert len(rasa.posts) == 1
    assert await replies_of(database, conversation) == []
    assert (await fresh(database, conversation)).owner is Owner.BOT


@ONE_ENGINE
async def test_every_kind_of_item_is_shown_in_order_with_its_buttons(database: Database) -> None:
    conversation = await a_new_conversation(database)
    buttons = [{"title": "Sim", "payload": "/affirm"}, {"title": "Não", "payload": "/deny"}]
    items: list[dict[str, Any]] = [
        {"text": "Veja:"},
        {"image": "https://exemplo.com.br/a.png"},
        {"custom": {"note": "not for people"}},
        {"text": "Certo?", "buttons": buttons},
    ]
    async with running_bridge(database, FakeRasa([gives(items)])):
        await customer_writes(database, conversation, "oi")
        await until_worked(database, conversation)
    rows = await delivered(database, conversation)
    assert [row.text for row in rows] == ["Veja:", "https://exemplo.com.br/a.png", "Certo?"]
    assert rows[2].buttons == buttons


@ONE_ENGINE
@pytest.mark.parametrize(
    ("text", "posted"),
    [
        ("/restart", "restart"),
        (" /restart", "restart"),
        ("\u00a0/ /\n/inform_cnpj{}", "inform_cnpj{}"),
        ("/", "barra"),
        ("não / sim", "não / sim"),
    ],
)
async def test_no_customer_gives_commands(text: str, posted: str, database: Database) -> None:
    conversation = await a_new_conversation(database)
    rasa = FakeRasa()
    async with running_bridge(database, rasa):
        await customer_writes(database, conversation, text)
        await until_worked(database, conversation)
    assert rasa.texts == [posted]


@ONE_ENGINE
async def test_only_payloads_of_buttons_that_were_offered_pass(database: Database) -> None:
    conversation = await a_new_conversation(database)
    offer = says("Certo?", buttons=[{"title": "Sim", "payload": "/affirm"}])
    rasa = FakeRasa([offer])
    async with running_bridge(database, rasa):
        for text, payload in (
            ("Sim", "/affirm"),  # before it was offered
            ("Sim", "/affirm"),
            ("Sim", "/human_finished"),
            ("", "/restart"),
        ):
            await customer_writes(database, conversation, text, payload=payload)
            await until_worked(database, conversation)
    assert rasa.texts == ["Sim", "/affirm", "Sim", "restart"]


async def test_while_a_person_has_the_conversation_rasa_is_not_asked(database: Database) -> None:
    conversation = await a_new_conversation(database)
    rasa = FakeRasa()
    async with database.transaction() as session:
        ana = await a_user(session)
    await claimed_by(database, conversation, ana)
    async with running_bridge(database, rasa):
        for text in ("oi", "sair", "/restart"):
            await customer_writes(database, conversation, text)
        await until_worked(database, conversation)
    assert rasa.posts == []
    assert await replies_of(database, conversation) == []
    assert (await fresh(database, conversation)).owner is Owner.AGENT


async def test_an_answer_that_comes_after_a_claim_is_never_shown(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
    may_answer = asyncio.Event()
    rasa = FakeRasa([waits_for(may_answer, "Olá! Sou a assistente.")])
    async with running_bridge(database, rasa):
        await customer_writes(database, conversation, "oi")

        async def is_asked() -> bool:
            return bool(rasa.posts)

        await until(is_asked)
        await claimed_by(database, conversation, ana)
        async with database.transaction() as session:
            await post_agent_message(session, conversation.id, ana, text="Oi, sou a Ana.")
        may_answer.set()
        await until_worked(database, conversation)
    assert await replies_of(database, conversation) == ["Oi, sou a Ana."]
    states = [row.state for row in await messages_of(database, conversation)]
    assert states == ["done", "sent", "suppressed"]


async def test_a_long_turn_keeps_its_lease(database: Database, database_url: str) -> None:
    conversation = await a_new_conversation(database)
    may_answer, elsewhere = asyncio.Event(), Database(database_url)
    rasa = FakeRasa([waits_for(may_answer, "enfim")])
    async with (
        FakeServer(rasa) as server,
        bridge_to(database, server.url, lease_seconds=1.5),
        bridge_to(elsewhere, server.url, lease_seconds=1.5),
    ):
        await customer_writes(database, conversation, "demora")
        await asyncio.sleep(4)  # more than two leases
        assert len(rasa.posts) == 1
        may_answer.set()
        await until_worked(database, conversation)
    await elsewhere.close()
    assert await replies_of(database, conversation) == ["enfim"]


async def test_the_bot_hears_how_a_person_ended_and_before_that_nothing(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
    rasa = FakeRasa([says("De 1 a 5, como foi?")])
    async with running_bridge(database, rasa):
        await claimed_by(database, conversation, ana)
        await customer_writes(database, conversation, "obrigada")
        await until_worked(database, conversation)
        async with database.transaction() as session:
            await set_status(
                session, conversation.id, Status.RESOLVED, by_agent(ana.id), "trocou a senha"
            )
        await until_worked(database, conversation)
        await customer_writes(database, conversation, "5")
        await until_worked(database, conversation)
    assert rasa.texts == ["/human_finished", "5"]
    metadata = rasa.posts[0].metadata
    assert (metadata["outcome"], metadata["summary"]) == ("resolved", "trocou a senha")
    assert await replies_of(database, conversation) == ["De 1 a 5, como foi?", "re: 5"]


@ONE_ENGINE
@pytest.mark.parametrize(
    ("words", "outcome", "status"),
    [
        ("sair", "left_by_customer", Status.RESOLVED),
        ("Sair!", "left_by_customer", Status.RESOLVED),
        ("cancelar", "cancelled_by_customer", Status.OPEN),
        ("  Voltar ao BOT. ", "cancelled_by_customer", Status.OPEN),
    ],
)
async def test_who_waits_in_a_queue_may_leave_it(
    database: Database, words: str, outcome: str, status: Status
) -> None:
    conversation, _ = await queued(database)
    async with database.transaction() as session:
        held = await session.get_one(Conversation, conversation.id)
        ticket_id = (await ticket_for_handoff(session, held)).id
    rasa = FakeRasa([says("Até logo!")])
    async with running_bridge(database, rasa):
        await customer_writes(database, conversation, words)
        await until_worked(database, conversation)
    async with database.reading() as session:
        # It was there because a person was asked for, and nobody waits for one any more.
        assert (await session.get_one(Ticket, ticket_id)).status is Status.CLOSED
    assert rasa.texts == ["/human_finished"]
    assert rasa.posts[0].metadata["outcome"] == outcome
    now = await fresh(database, conversation)
    assert (now.owner, now.status, now.waiting_since) == (Owner.BOT, status, None)
    assert (await replies_of(database, conversation))[-1] == "Até logo!"


@ONE_ENGINE
async def test_a_sentence_with_such_a_word_in_it_is_no_wish_to_leave(database: Database) -> None:
    conversation, _ = await queued(database)
    rasa = FakeRasa()
    async with running_bridge(database, rasa):
        await customer_writes(database, conversation, "não consigo sair do sistema")
        await until_worked(database, conversation)
    assert rasa.posts == []
    assert (await fresh(database, conversation)).owner is Owner.QUEUE


async def test_who_waits_is_told_the_place_at_bounded_intervals(database: Database) -> None:
    conversation, ana = await queued(database)
    async with running_bridge(database, FakeRasa(), queue_notice_seconds=3600):
        for text in ("alô?", "tem alguém?"):
            await customer_writes(database, conversation, text)
        await until_worked(database, conversation)
    assert await replies_of(database, conversation) == ["Chamei uma pessoa."]  # told just now
    async with running_bridge(database, FakeRasa(), queue_notice_seconds=0):
        await customer_writes(database, conversation, "alô?")
        await until_worked(database, conversation)
        async with database.transaction() as session:
            now = await session.get_one(Conversation, conversation.id)
            (await session.get_one(User, ana.id)).last_seen_at = now.last_message_at
        await customer_writes(database, conversation, "alô??")
        await until_worked(database, conversation)
    assert (await replies_of(database, conversation))[1:] == [
        "Não há ninguém agora.",
        "Você é a 1ª da fila.",
    ]
    assert {row.author_kind for row in (await delivered(database, conversation))[1:]} == {"system"}


async def test_who_waits_outside_of_business_hours_is_told_when_they_begin(
    database: Database,
) -> None:
    conversation, ana = await queued(database)
    async with database.transaction() as session:
        now = await session.get_one(Conversation, conversation.id)
        await closed_until(session, await session.get_one(Queue, now.queue_id), days=1)
        await comes_online(session, await session.get_one(User, ana.id))
    async with running_bridge(database, FakeRasa(), queue_notice_seconds=0):
        await customer_writes(database, conversation, "alô?")
        await until_worked(database, conversation)
    assert (await replies_of(database, conversation))[1:] == ["A equipe volta amanhã às 09:00."]


@ONE_ENGINE
async def test_the_place_is_kept_to_ourselves_where_admins_want_it_so(database: Database) -> None:
    conversation, ana = await queued(database)
    async with database.transaction() as session:
        await comes_online(session, await session.get_one(User, ana.id))
        await save_configuration(session, Automation(tell_place_in_queue=False), SYSTEM)
    async with running_bridge(database, FakeRasa(), queue_notice_seconds=0):
        await customer_writes(database, conversation, "alô?")
        await until_worked(database, conversation)
    assert (await replies_of(database, conversation))[1:] == ["Recebi sua mensagem."]


async def test_messages_that_waited_when_a_person_left_go_to_the_bot(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
    await claimed_by(database, conversation, ana)
    await customer_writes(database, conversation, "mais uma coisa")
    async with database.transaction() as session:
        await release(session, conversation.id, by_agent(ana.id))
    rasa = FakeRasa()
    async with running_bridge(database, rasa):
        await until_worked(database, conversation)
    assert rasa.texts == ["mais uma coisa", "/human_finished"]


async def test_a_password_is_drawn_between_the_bot_and_the_chat(database: Database) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        company = await add_company(session, "11222333000181", "Padaria Estrela LTDA")
        await register_contact(
            session, conversation.contact_id, company.id, "Maria", "maria@padaria.com.br"
        )

    async def turn(rasa: FakeRasa, post: Post) -> Answer:
        async with database.transaction() as session:
            asked = await request_credentials(
                session, conversation.contact_id, conversation.public_id
            )
        return await says(f"Senha: {asked.placeholder}")(rasa, post)

    rasa = FakeRasa([turn])
    async with running_bridge(database, rasa):
        await customer_writes(database, conversation, "esqueci a senha")
        await until_worked(database, conversation)
    (text,) = await replies_of(database, conversation)
    async with database.reading() as session:
        shown = await reveal_credentials(session, Vault(SECRET_KEY), conversation.public_id, text)
    password = shown.removeprefix("Senha: ")
    assert len(password) == 12
    assert "⟦senha:" in text
    assert password not in str(rasa.trackers) + str(rasa.posts)


async def test_claim_and_release_while_the_bot_thinks_leave_the_epoch_of_the_ledger(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database)
    async with database.transaction() as session:
        ana = await a_user(session)
    may_answer = asyncio.Event()
    rasa = FakeRasa([waits_for(may_answer, "tarde")])
    async with running_bridge(database, rasa):
        await customer_writes(database, conversation, "oi")

        async def is_asked() -> bool:
            return bool(rasa.posts)

        await until(is_asked)
        async with database.transaction() as session:
            await claim(session, conversation.id, ana)
            await release(session, conversation.id, by_agent(ana.id))
        may_answer.set()
        await until_worked(database, conversation)
    assert await replies_of(database, conversation) == ["re: /human_finished"]
    assert (await fresh(database, conversation)).epoch == 3
