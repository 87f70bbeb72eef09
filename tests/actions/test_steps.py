"""Several companies, one step back, and Fim where something is still missing."""

import pytest

from desk.companies.directory import add_company
from desk.contacts.registration import register_contact
from desk.db import Database
from desk.tickets.tables import Ticket
from tests.actions.talking import Talk, a_known_talk, words
from tests.actions.test_tickets import opened

FILIAL = "90410023000248"


async def of_two_companies(database: Database) -> Talk:
    talk = await a_known_talk(database)
    async with database.transaction() as session:
        filial = await add_company(session, FILIAL, "Mercado Aurora SA (filial)")
        await register_contact(
            session, talk.conversation.contact_id, filial.id, "Maria Souza", "m@x.com.br"
        )
    talk.slots = {}
    await talk.hears("oi", "greet")
    await talk.do("action_session_start")
    return talk


@pytest.mark.parametrize("text", ["2", "filial", "90.410.023/0002-48"])
async def test_a_problem_of_who_speaks_for_several_companies_gets_its_company(
    database: Database, text: str
) -> None:
    talk = await of_two_companies(database)
    await talk.hears("minha impressora parou", "open_ticket")
    assert words(await talk.answers("ticket_form", None)) == ["utter_subject_noted"]
    assert talk.slots["requested_slot"] == "company_id"
    asked = (await talk.do("action_ask_company_id"))[0]
    assert "2 - Mercado Aurora SA (filial) (90.410.023/0002-48)" in asked["options"]
    await talk.hears(text, "menu_option")
    assert await talk.answers("ticket_form", "company_id") == []
    assert talk.slots["company_name"] == "Mercado Aurora SA (filial)"
    ticket = await opened(talk)
    async with database.reading() as session:
        assert (await session.get_one(Ticket, ticket.id)).company_id == talk.slots["company_id"]


async def test_what_is_none_of_ones_companies_is_asked_for_again(database: Database) -> None:
    talk = await of_two_companies(database)
    await talk.hears("7", "menu_option")
    assert words(await talk.answers("ticket_form", "company_id")) == ["utter_company_unclear"]
    assert talk.slots["requested_slot"] == "company_id"


@pytest.mark.parametrize(
    ("form", "asked", "before"),
    [
        ("ticket_form", "ticket_type", "ticket_subject"),
        ("ticket_form", "ticket_media", "ticket_description"),
        ("post_form", "action_media", "action_text"),
        ("identify_form", "contact_email", "contact_name"),
    ],
)
@pytest.mark.parametrize("text", ["voltar", "quero voltar", "Volta um passo, por favor"])
async def test_voltar_asks_the_question_before_once_more(
    database: Database, form: str, asked: str, before: str, text: str
) -> None:
    talk = await a_known_talk(database)
    talk.slots[before] = "algo"
    await talk.hears(text, "show_menu")
    assert await talk.answers(form, asked) == []
    assert talk.slots[before] is None


async def test_voltar_at_the_first_step_is_left_to_the_rules(database: Database) -> None:
    talk = await a_known_talk(database)
    await talk.hears("voltar", "show_menu")
    await talk.answers("ticket_form", "ticket_subject")
    assert talk.slots.get("ticket_subject") is None
    assert words(await talk.do("action_show_menu")) == ["utter_menu"]


async def test_voltar_goes_one_menu_back(database: Database) -> None:
    talk = await of_two_companies(database)
    talk.slots["ticket_id"] = (await opened(talk)).id
    talk.loop = "post_form"
    said = []
    for _ in range(3):
        await talk.hears("voltar", "show_menu")
        said += words(await talk.do("action_show_menu"))
    assert said == ["utter_ticket_menu", "utter_menu", "utter_choose_company"]


async def test_fim_in_place_of_the_description_is_asked_again(database: Database) -> None:
    talk = await a_known_talk(database)
    talk.slots["ticket_subject"] = "Caixa"
    await talk.hears("Fim", "goodbye")
    said = words(await talk.answers("ticket_form", "ticket_description"))
    assert said == ["utter_description_missing"]
    await talk.hears("pular", "deny")
    await talk.answers("ticket_form", "ticket_description")
    assert talk.slots["ticket_description"] == "Caixa"
