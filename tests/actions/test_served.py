"""A company that the admin blocks is not served from that moment on."""

import pytest
from sqlalchemy import func, select, update

from desk.companies.directory import add_company, find_company
from desk.companies.tables import Company
from desk.contacts.registration import register_contact
from desk.db import Database
from desk.tickets.tables import Ticket, TicketAction
from tests.actions.talking import PADARIA, Talk, a_known_talk, words
from tests.actions.test_tickets import opened

SECOND = "12ABC34501DE35"


async def blocked(talk: Talk, cnpj: str = PADARIA) -> None:
    """The admin blocks the company while the customer is writing."""
    async with talk.database.transaction() as session:
        await session.execute(update(Company).where(Company.cnpj == cnpj).values(blocked=True))


@pytest.mark.parametrize(
    ("text", "intent", "action"),
    [
        ("menu", "show_menu", "action_show_menu"),
        ("oi", "greet", "action_welcome_back"),
        ("1", "menu_option", "action_offer_access"),
        ("status", "check_status", "action_show_ticket"),
        ("quero comentar no chamado", "post_action", "action_choose_ticket_to_answer"),
        ("perdi minha senha", "recover_access", "action_recover_access"),
        ("", "send_media", "action_receive_media"),
    ],
)
async def test_whatever_is_asked_for_next_the_block_is_told(
    database: Database, text: str, intent: str, action: str
) -> None:
    talk = await a_known_talk(database)
    await opened(talk)
    await blocked(talk)
    talk.slots["next_step"] = "show_menu"
    await talk.hears(text, intent)
    assert words(await talk.do(action)) == ["utter_company_blocked"]
    assert talk.slots["company_id"] is None
    decided = {"action_recover_access", "action_receive_media", "action_choose_ticket_to_answer"}
    assert (talk.slots["next_step"] == "nothing") is (action in decided)
    await talk.hears(text, intent)
    assert words(await talk.do(action)) == ["utter_company_blocked"]


async def test_a_ticket_being_typed_is_not_opened_and_not_lost(database: Database) -> None:
    talk = await a_known_talk(database)
    talk.slots |= {"ticket_subject": "Boleto errado", "ticket_type": "none"}
    await blocked(talk)
    await talk.hears("Vence hoje", "nlu_fallback")
    assert await talk.answers("ticket_form", "ticket_description") == []
    assert talk.slots["requested_slot"] is None  # the form ends, its action follows
    assert words(await talk.do("action_open_ticket")) == ["utter_company_blocked"]
    assert not talk.in_form
    assert talk.slots["draft"]["ticket_subject"] == "Boleto errado"
    async with database.reading() as session:
        assert (await session.execute(select(func.count(Ticket.id)))).scalar_one() == 0


async def test_an_answer_being_typed_is_not_posted(database: Database) -> None:
    talk = await a_known_talk(database)
    ticket = await opened(talk)
    talk.slots |= {"ticket_id": ticket.id, "action_text": "ainda não"}
    await blocked(talk)
    await talk.hears("fim", "goodbye")
    await talk.answers("post_form", "action_media")
    assert words(await talk.do("action_post_action")) == ["utter_company_blocked"]
    async with database.reading() as session:
        assert (await session.execute(select(func.count(TicketAction.id)))).scalar_one() == 0


async def test_who_speaks_for_another_company_too_goes_on_with_it(database: Database) -> None:
    talk = await a_known_talk(database)
    async with database.transaction() as session:
        await add_company(session, SECOND, "Oficina Boa Vista ME")
        second = await find_company(session, SECOND)
        assert second is not None
        await register_contact(
            session,
            talk.conversation.contact_id,
            second.id,
            "Maria Souza",
            "visitor@padariaestrela.com.br",
        )
    await blocked(talk)
    await talk.hears("menu", "show_menu")
    assert words(await talk.do("action_show_menu")) == ["utter_company_blocked"]
    assert talk.slots["company_id"] == second.id
    await talk.hears("menu", "show_menu")
    assert words(await talk.do("action_show_menu")) == ["utter_menu"]


@pytest.mark.parametrize(
    ("intent", "action", "said"),
    [
        ("talk_to_human", "action_talk_to_human", "utter_handoff_nobody"),
        ("goodbye", "action_goodbye", "utter_goodbye"),
        ("thanks", "action_thanks", "utter_thanks"),
    ],
)
async def test_a_person_and_the_way_out_stay_open(
    database: Database, intent: str, action: str, said: str
) -> None:
    talk = await a_known_talk(database)
    await blocked(talk)
    await talk.hears("…", intent)
    assert words(await talk.do(action)) == [said]
