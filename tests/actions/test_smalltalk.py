"""Leaving, not being understood, and menus."""

import pytest
from sqlalchemy import select

from desk.conversations.tables import TurnRequest
from desk.db import Database
from tests.actions.talking import a_known_talk, a_talk, words


async def test_leaving_resolves_the_service_and_keeps_a_half_typed_ticket(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    talk.loop = "ticket_form"
    talk.slots |= {"ticket_subject": "Nota rejeitada", "requested_slot": "ticket_description"}
    await talk.hears("sair", "goodbye")
    assert words(await talk.do("action_goodbye")) == ["utter_goodbye_draft"]
    assert not talk.in_form
    assert talk.slots["draft"]["ticket_subject"] == "Nota rejeitada"
    async with database.reading() as session:
        request = (await session.execute(select(TurnRequest))).scalar_one()
    assert (request.kind, request.data) == ("status", {"status": "resolved"})
    await talk.hears("oi", "greet")
    await talk.do("action_session_start")
    menu = (await talk.do("action_show_menu"))[0]
    assert "Continuar o que comecei: Nota rejeitada" in menu["options"]


async def test_not_understood_is_asked_once_then_a_person_is_offered_then_called(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    said = []
    for text in ("xyz", "abc", "qwe"):
        await talk.hears(text, "nlu_fallback", confidence=0.2)
        said.append(words(await talk.do("action_rephrase"))[0])
    assert said == ["utter_rephrase", "utter_offer_person", "utter_person_instead"]


async def test_being_understood_in_between_begins_anew(database: Database) -> None:
    talk = await a_known_talk(database)
    await talk.hears("xyz", "nlu_fallback")
    await talk.do("action_rephrase")
    await talk.hears("obrigado", "thanks")
    await talk.do("action_thanks")
    await talk.hears("qual a previsão do tempo?", "out_of_scope")
    assert words(await talk.do("action_rephrase")) == ["utter_out_of_scope"]


@pytest.mark.parametrize("text", ["0", "opção 0", "zero", "criar novo atendimento"])
async def test_a_menu_is_answered_by_number_or_words(database: Database, text: str) -> None:
    talk = await a_known_talk(database)
    await talk.hears("menu", "show_menu")
    await talk.do("action_show_menu")
    await talk.hears(text, "menu_option")
    await talk.do("action_choose_option")
    assert talk.slots["next_step"] == "open_ticket"


async def test_a_number_that_is_not_in_the_menu_shows_it_again(database: Database) -> None:
    talk = await a_known_talk(database)
    await talk.hears("7", "menu_option")
    replies = await talk.do("action_choose_option")
    assert words(replies) == ["utter_option_unknown"]
    assert replies[0]["buttons"] == [
        {"title": "Criar novo atendimento", "payload": "0"},
        {"title": "Resolver um problema passo a passo", "payload": "1"},
    ]
    assert talk.slots["next_step"] == "nothing"


async def test_a_choice_of_somebody_unknown_begins_the_identification(database: Database) -> None:
    talk = await a_talk(database)
    await talk.hears("1", "menu_option")
    assert await talk.do("action_choose_option") == []
    assert talk.slots["next_step"] == "identify"


@pytest.mark.parametrize("identified", [True, False])
async def test_a_file_outside_of_a_form_is_never_lost(database: Database, identified: bool) -> None:
    talk = await (a_known_talk(database) if identified else a_talk(database))
    await talk.hears("", "send_media", files=(1,))
    said = words(await talk.do("action_receive_media"))
    assert said[0] == ("utter_files_kept" if identified else "utter_files_kept_identify")
    assert talk.slots["next_step"] == ("nothing" if identified else "identify")


async def test_a_question_gets_an_honest_word_and_a_way_on(database: Database) -> None:
    talk = await a_known_talk(database)
    await talk.hears("como emito uma nota?", "ask_docs")
    assert words(await talk.do("action_answer_from_docs")) == [
        "utter_docs_unavailable",
        "utter_docs_menu",
    ]
