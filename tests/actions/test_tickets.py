"""Opening and following tickets."""

import pytest
from sqlalchemy import delete, func, select

from actions.menu import TICKET_OPTIONS
from desk.db import Database
from desk.tickets.posting import post_ticket_action
from desk.tickets.tables import RequestType, Ticket, TicketAction, TicketMedia
from tests.actions.talking import Talk, a_known_talk, words
from tests.actions.things import some_files

FORM = "ticket_form"


async def count(database: Database, table: type[Ticket | TicketAction | TicketMedia]) -> int:
    async with database.reading() as session:
        return (await session.execute(select(func.count()).select_from(table))).scalar_one()


async def opened(talk: Talk, subject: str = "Impressora parou") -> Ticket:
    """A ticket of this customer, through the action."""
    talk.slots |= {"ticket_subject": subject, "ticket_description": "Não imprime"}
    await talk.hears("fim", "goodbye")
    await talk.do("action_open_ticket")
    async with talk.database.reading() as session:
        query = select(Ticket).order_by(Ticket.id.desc()).limit(1)
        return (await session.execute(query)).scalar_one()


async def test_a_repeated_turn_opens_one_ticket(database: Database) -> None:
    talk = await a_known_talk(database)
    talk.slots |= {
        "ticket_subject": "Nota rejeitada",
        "ticket_type": "id:2",
        "ticket_description": "Rejeição 539",
    }
    await talk.hears("Fim", "goodbye")
    before = dict(talk.slots)
    first = await talk.do("action_open_ticket")
    talk.slots = before
    again = await talk.do("action_open_ticket")
    assert words(first) == ["utter_ticket_opened", "utter_menu"]
    assert first[0]["number"] == again[0]["number"]
    assert await count(database, Ticket) == 1
    assert first[0]["number"] in first[1]["options"]


async def test_without_what_the_form_asks_for_no_ticket_is_opened(database: Database) -> None:
    talk = await a_known_talk(database)
    await talk.hears("Fim", "goodbye")
    assert words(await talk.do("action_open_ticket")) == ["utter_ticket_not_opened"]
    assert await count(database, Ticket) == 0


async def test_files_of_any_moment_are_on_the_ticket_and_on_one_only(database: Database) -> None:
    talk = await a_known_talk(database)
    first, second, third = await some_files(talk, 3)
    await talk.hears("", "send_media", files=(first,))
    await talk.hears("Impressora parou", "open_ticket")
    await talk.hears("segue o print", "send_media", files=(second, third))
    await opened(talk)
    await opened(talk, "Outra coisa")
    async with database.reading() as session:
        rows = (await session.execute(select(TicketMedia))).scalars().all()
    assert sorted((row.ticket_id, row.media_id) for row in rows) == [
        (1, first),
        (1, second),
        (1, third),
    ]


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("2", "id:2"),
        ("opção 2", "id:2"),
        ("erro no sistema", "id:2"),
        ("duvida", "id:1"),
        ("o financeiro", "id:3"),
        ("Outro", "none"),
        ("4", "none"),
    ],
)
async def test_a_request_type_is_chosen_by_number_or_name(
    database: Database, text: str, chosen: str
) -> None:
    talk = await a_known_talk(database)
    await talk.hears(text, "menu_option")
    assert await talk.answers(FORM, "ticket_type") == []
    assert talk.slots["ticket_type"] == chosen


@pytest.mark.parametrize("text", ["9", "abacaxi"])
async def test_what_is_no_request_type_is_asked_for_again(database: Database, text: str) -> None:
    talk = await a_known_talk(database)
    await talk.hears(text)
    assert words(await talk.answers(FORM, "ticket_type")) == ["utter_request_type_unknown"]


async def test_without_request_types_the_step_is_skipped(database: Database) -> None:
    talk = await a_known_talk(database)
    async with database.transaction() as session:
        await session.execute(delete(RequestType))
    await talk.hears("Impressora parou", "open_ticket")
    await talk.answers(FORM, "ticket_subject")
    assert talk.slots["ticket_type"] == "none"


@pytest.mark.parametrize("text", ["sim", "😀", "quero abrir um chamado", "não", "...", "Fim"])
async def test_what_says_nothing_is_no_subject(database: Database, text: str) -> None:
    talk = await a_known_talk(database)
    await talk.hears(text, "open_ticket" if "chamado" in text else "nlu_fallback")
    assert words(await talk.answers(FORM, "ticket_subject")) == ["utter_subject_invalid"]


@pytest.mark.parametrize("text", ["boleto errado", "nota errada", "Financeiro", "Senha do portal"])
async def test_any_words_are_a_subject(database: Database, text: str) -> None:
    talk = await a_known_talk(database)
    await talk.hears(text, "deny")
    await talk.answers(FORM, "ticket_subject")
    assert talk.slots["ticket_subject"] == text


async def test_who_tells_everything_at_once_is_not_asked_again(database: Database) -> None:
    talk = await a_known_talk(database)
    text = "O caixa não fecha. " + "Já reiniciei tudo e nada muda. " * 800
    await talk.hears(text, "open_ticket")
    await talk.answers(FORM, "ticket_subject")
    assert talk.slots["ticket_subject"] == "O caixa não fecha"
    assert talk.slots["ticket_description"] == text.strip()


async def test_a_person_may_be_asked_for_in_place_of_free_text(database: Database) -> None:
    talk = await a_known_talk(database)
    await talk.hears("quero falar com uma pessoa", "talk_to_human")
    assert await talk.answers(FORM, "ticket_description") == []
    assert "ticket_description" not in talk.slots


async def test_words_at_the_media_step_are_kept(database: Database) -> None:
    talk = await a_known_talk(database)
    talk.slots |= {"ticket_subject": "Erro", "ticket_description": "Erro ao salvar"}
    await talk.hears("acontece só no Chrome e no computador do caixa, nos outros não")
    assert words(await talk.answers(FORM, "ticket_media")) == ["utter_media_more"]
    assert talk.slots["ticket_description"].startswith("Erro ao salvar\nacontece só")
    await talk.hears("não tenho nada pra mandar", "deny")
    await talk.answers(FORM, "ticket_media")
    assert talk.slots["ticket_media"] == "done"


async def test_a_ticket_shows_what_is_new_since_the_last_look(database: Database) -> None:
    talk = await a_known_talk(database)
    ticket = await opened(talk)
    async with database.transaction() as session:
        await post_ticket_action(session, ticket.id, author_kind="agent", text="Troque o cabo.")
    await talk.hears("status do meu chamado", "check_status")
    shown, menu = await talk.do("action_show_ticket")
    assert "Novidades" in shown["story"]
    assert "Nossa equipe" in shown["story"]
    assert "Troque o cabo." in shown["story"]
    assert shown["status"] == "Em atendimento"
    assert "Postar uma nova ação" in menu["options"]
    await talk.hears("status do meu chamado", "check_status")
    assert "Última ação" in (await talk.do("action_show_ticket"))[0]["story"]


async def test_anothers_ticket_is_not_found(database: Database) -> None:
    talk = await a_known_talk(database)
    ticket = await opened(talk)
    other = await a_known_talk(database, "other")
    entity = {"entity": "ticket_number", "value": ticket.number}
    await other.hears(f"status do {ticket.number}", "check_status", entities=[entity])
    assert words(await other.do("action_show_ticket"))[0] == "utter_ticket_unknown"
    other.slots["ticket_id"] = ticket.id
    other.latest_action = "action_choose_option"
    assert "utter_ticket_status" not in words(await other.do("action_show_ticket"))
    other.slots["action_text"] = "Sou eu"
    assert words(await other.do("action_post_action")) == ["utter_action_not_posted"]


async def test_a_file_outside_of_a_form_goes_to_a_ticket_that_there_is(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    ticket = await opened(talk)
    (file,) = await some_files(talk, 1)
    await talk.hears("", "send_media", files=(file,))
    menu = (await talk.do("action_receive_media"))[1]
    assert f"2 - Anexar a #{ticket.number}" in menu["options"]
    await talk.hears("2", "menu_option")
    await talk.do("action_choose_option")
    assert (talk.slots["next_step"], talk.slots["ticket_id"]) == ("post_action", ticket.id)


async def test_fim_in_place_of_a_text_posts_the_files_alone(database: Database) -> None:
    talk = await a_known_talk(database)
    ticket = await opened(talk)
    (file,) = await some_files(talk, 1)
    talk.slots["ticket_id"] = ticket.id
    await talk.hears("", "send_media", files=(file,))
    await talk.hears("Fim", "goodbye")
    assert await talk.answers("post_form", "action_text") == []
    assert words(await talk.do("action_post_action"))[0] == "utter_action_posted"
    assert await count(database, TicketMedia) == 1


async def test_fim_in_place_of_a_text_and_no_files_is_asked_again(database: Database) -> None:
    talk = await a_known_talk(database)
    await talk.hears("Fim", "goodbye")
    assert words(await talk.answers("post_form", "action_text")) == ["utter_action_text_invalid"]


async def test_an_action_is_posted_once_with_its_files(database: Database) -> None:
    talk = await a_known_talk(database)
    ticket = await opened(talk)
    (file,) = await some_files(talk, 1)
    await talk.hears("quero postar uma ação", "post_action")
    await talk.do("action_choose_ticket_to_answer")
    assert talk.slots["next_step"] == "post_action"
    await talk.hears("Voltou a funcionar", files=(file,))
    await talk.answers("post_form", "action_text")
    await talk.hears("fim", "goodbye")
    before = dict(talk.slots)
    await talk.do("action_post_action")
    talk.slots = before
    replies = await talk.do("action_post_action")
    assert words(replies) == ["utter_action_posted", "utter_ticket_menu"]
    assert replies[0]["number"] == f"#{ticket.number}"
    assert await count(database, TicketAction) == 1
    assert await count(database, TicketMedia) == 1


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("emiti a nota pro cliente errado", "open_ticket"),
        ("o valor ta errado", "open_ticket"),
        ("rejeicao 225", "check_status"),
        ("preciso disso hoje", "goodbye"),
        ("e a loja ta parada", "open_ticket"),
        ("esqueci a senha do cofre", "recover_access"),
    ],
)
async def test_whatever_is_told_at_the_step_for_files_is_kept(
    database: Database, text: str, intent: str
) -> None:
    talk = await a_known_talk(database)
    talk.slots["ticket_description"] = "Nota com problema"
    await talk.hears(text, intent)
    assert words(await talk.answers(FORM, "ticket_media")) == ["utter_media_more"]
    assert talk.slots["ticket_description"] == f"Nota com problema\n{text}"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("quero abrir outro chamado", "open_ticket"),
        ("qual o status do meu chamado?", "check_status"),
        ("sair", "goodbye"),
        ("obrigada", "thanks"),
        ("como anexo um arquivo?", "ask_docs"),
        ("quero falar com um atendente", "talk_to_human"),
    ],
)
async def test_a_clear_request_at_the_step_for_files_is_left_to_the_rules(
    database: Database, text: str, intent: str
) -> None:
    talk = await a_known_talk(database)
    talk.slots["ticket_description"] = "Nota com problema"
    await talk.hears(text, intent)
    assert await talk.answers(FORM, "ticket_media") == []
    assert talk.slots["ticket_description"] == "Nota com problema"


async def test_an_error_code_is_no_ticket_that_is_asked_for(database: Database) -> None:
    talk = await a_known_talk(database)
    await talk.hears("rejeicao 225", "check_status")
    assert words(await talk.answers(FORM, "ticket_type")) == ["utter_request_type_unknown"]


@pytest.mark.parametrize(
    ("text", "intent", "action"),
    [
        ("menu", "show_menu", "action_show_menu"),
        ("2", "menu_option", "action_choose_option"),
        ("quero abrir outro chamado", "open_ticket", "action_begin_ticket"),
        ("", "human_finished", "action_human_finished"),
    ],
)
async def test_a_text_for_a_ticket_is_posted_however_its_form_is_left(
    database: Database, text: str, intent: str, action: str
) -> None:
    talk = await a_known_talk(database)
    ticket = await opened(talk)
    talk.slots |= {"ticket_id": ticket.id, "action_text": "Continua parada"}
    talk.slots["menu"] = [vars(option) for option in TICKET_OPTIONS]
    talk.loop, talk.slots["requested_slot"] = "post_form", "action_media"
    await talk.hears(text, intent, outcome="released")
    replies = await talk.do(action)
    assert "utter_action_posted" in words(replies)
    assert (talk.slots["action_text"], talk.in_form) == (None, False)
    async with database.reading() as session:
        (posted,) = (await session.execute(select(TicketAction))).scalars()
    assert (posted.ticket_id, posted.text) == (ticket.id, "Continua parada")


async def test_nobody_is_kept_in_the_question_for_a_type_and_no_word_of_it_is_lost(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    talk.slots["ticket_subject"] = "Caixa"
    await talk.hears("deu erro 502 no portal", "open_ticket")
    assert words(await talk.answers(FORM, "ticket_type")) == ["utter_request_type_noted"]
    assert talk.slots.get("ticket_type") is None
    await talk.hears("sei lá qual é", "nlu_fallback")
    assert words(await talk.answers(FORM, "ticket_type")) == ["utter_request_type_other"]
    assert talk.slots["ticket_type"] == "none"
    assert talk.slots["ticket_description"] == "deu erro 502 no portal"


async def test_a_no_at_the_type_is_none_of_them(database: Database) -> None:
    talk = await a_known_talk(database)
    await talk.hears("no momento não", "deny")
    assert words(await talk.answers(FORM, "ticket_type")) == ["utter_request_type_other"]
    assert talk.slots["ticket_type"] == "none"


async def test_anger_in_place_of_a_subject_is_kept_and_apologised_for(database: Database) -> None:
    talk = await a_known_talk(database)
    await talk.hears("VOCES SAO UMA PORCARIA, NADA FUNCIONA", "complaint")
    replies = await talk.answers(FORM, "ticket_subject")
    assert words(replies) == ["utter_complaint", "utter_person_hint"]
    assert talk.slots["ticket_subject"] == "VOCES SAO UMA PORCARIA, NADA FUNCIONA"
