"""Bot flows set the status of a service and act on it."""

import pytest
from sqlalchemy import select

from desk.conversations.tables import ConversationTicket
from desk.db import Database
from desk.states import Status
from desk.tickets.tables import Ticket
from tests.actions.talking import Talk, a_known_talk, words
from tests.actions.test_handoff import requests_of
from tests.actions.test_tickets import opened


async def now_is(talk: Talk, status: Status) -> None:
    """The team changes the status while the bot has the conversation."""
    async with talk.database.transaction() as session:
        conversation = await session.get_one(type(talk.conversation), talk.conversation.id)
        conversation.status = status


@pytest.mark.parametrize("status", Status)
async def test_an_action_sets_each_status_when_the_turn_ends(
    database: Database, status: Status
) -> None:
    talk = await a_known_talk(database)
    await talk.hears("já resolvi", "affirm")
    replies = await talk.do(f"action_set_{status.value}")
    # Nothing is said by it, and saying nothing is no failure.
    assert [reply["custom"] for reply in replies] == [{"silent": True}]
    assert (await requests_of(talk))["status"] == {"status": status.value}
    assert talk.slots["service_status"] == status.value


async def test_a_service_that_the_bot_resolves_ends_the_ticket_that_its_handoff_made(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    kept = await opened(talk)
    async with database.transaction() as session:
        made = Ticket(
            number="2026-900000",
            contact_id=talk.conversation.contact_id,
            subject="Atendimento com uma pessoa",
            description="",
            status=Status.WAITING,
            created_at=kept.created_at,
            updated_at=kept.created_at,
        )
        session.add(made)
        await session.flush()
        link = {"conversation_id": talk.conversation.id, "ticket_id": made.id}
        session.add(ConversationTicket(**link, made_by_handoff=True))
    await talk.hears("1", "menu_option")
    await talk.do("action_set_resolved")
    async with database.reading() as session:
        rows = await session.execute(select(Ticket.id, Ticket.status).order_by(Ticket.id))
        assert [tuple(row) for row in rows] == [
            (kept.id, Status.OPEN),
            (made.id, Status.RESOLVED),
        ]


async def test_a_session_begins_with_the_status_of_the_service(database: Database) -> None:
    talk = await a_known_talk(database)
    assert talk.slots["service_status"] == "open"
    await now_is(talk, Status.WAITING)
    await talk.hears("oi", "greet")
    await talk.do("action_session_start")
    assert talk.slots["service_status"] == "waiting"


async def test_who_comes_back_from_a_person_has_the_status_that_the_person_left(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    await talk.hears("", "human_finished", outcome="released", status="waiting")
    await talk.do("action_human_finished")
    assert talk.slots["service_status"] == "waiting"


async def test_somebody_whose_service_waits_is_asked_how_to_go_on(database: Database) -> None:
    talk = await a_known_talk(database)
    await now_is(talk, Status.WAITING)
    await talk.hears("oi", "greet")
    (reply,) = await talk.do("action_service_waiting")
    assert (reply["response"], reply["contact_first_name"]) == ("utter_service_waiting", "Maria")
    assert "1 - Já está resolvido" in reply["options"]
    await talk.hears("já está resolvido", "menu_option")
    await talk.do("action_choose_option")
    assert talk.slots["next_step"] == "resolve_service"


async def test_what_the_team_changed_meanwhile_counts_more_than_what_the_bot_remembers(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    talk.slots["service_status"] = "waiting"
    await talk.hears("oi", "greet")
    assert words(await talk.do("action_service_waiting")) == [
        "utter_welcome_back",
        "utter_access_menu",
    ]
    assert talk.slots["service_status"] == "open"
    await now_is(talk, Status.WAITING)
    await talk.hears("oi", "greet")
    assert words(await talk.do("action_welcome_back")) == ["utter_service_waiting"]
