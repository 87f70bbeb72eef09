"""Guided help: offered, begun, one step a message, recorded whatever it ends with."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from actions.guide_answers import has_helped
from actions.guide_facts import browser_in, message_in, tried_in
from actions.turn import Heard, guides
from desk.configuration.groups import DirectSupport, PortalNote
from desk.configuration.values import save_configuration
from desk.contacts.tables import PortalAccount
from desk.conversations.tables import Conversation, TurnRequest
from desk.db import Database
from desk.events.log import SYSTEM
from desk.guides.tables import GuideRun, GuideRunStep, Outcome
from desk.states import Status
from desk.tickets.tables import RequestType, Ticket, TicketMedia
from tests.actions.talking import Talk, a_known_talk, words
from tests.actions.things import some_files

FORM = "guide_form"
PROBLEM = "n consigo entra no portal, aparece usuário inválido no chrome"


async def rows(database: Database, table: Any) -> list[Any]:
    async with database.reading() as session:
        return list((await session.execute(select(table).order_by(table.id))).scalars())


async def begun(talk: Talk, problem: str = PROBLEM, *, intent: str = "open_ticket") -> Talk:
    """The customer tells a problem, is offered the guide and takes it."""
    await talk.hears(problem, intent)
    await talk.do("action_begin_ticket")
    await talk.hears("sim", "affirm")
    await talk.do("action_choose_option")
    assert talk.slots["next_step"] == "guide"
    await talk.do("action_begin_guide")
    assert talk.slots["next_step"] == "guide"
    return talk


async def at_the_steps(talk: Talk) -> Talk:
    """All questions are answered or skipped, and the first step is shown."""
    await begun(talk)
    for slot in ("guide_happens", "guide_message", "guide_tried", "guide_browser"):
        if not talk.slots.get(slot):
            await talk.hears("não sei", "deny")
            await talk.answers(FORM, slot)
    await ask_step(talk)
    return talk


async def ask_step(talk: Talk) -> dict[str, Any]:
    (step,) = await talk.do("action_ask_guide_step")
    return step


async def says(
    talk: Talk, text: str, intent: str = "nlu_fallback", slot: str = "guide_step"
) -> Any:
    await talk.hears(text, intent)
    return await talk.answers(FORM, slot)


async def exhausted(talk: Talk) -> list[dict[str, Any]]:
    """Every step fails."""
    await at_the_steps(talk)
    for _ in range(20):
        await says(talk, "não", "deny")
        if talk.slots["guide_step"]:
            break
    assert talk.slots["guide_step"] == "exhausted"
    talk.loop = None
    return await talk.do("action_guide_ended")


async def test_a_told_problem_is_offered_its_guide_and_a_ticket_as_near(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    await talk.hears(PROBLEM, "open_ticket")
    (offered,) = await talk.do("action_begin_ticket")
    assert (offered["response"], talk.slots["next_step"]) == ("utter_guide_offer", "nothing")
    assert offered["title"] == "Não consigo entrar no portal"
    await talk.hears("prefiro abrir um chamado", "open_ticket")
    await talk.do("action_begin_ticket")
    assert talk.slots["next_step"] == "open_ticket"
    assert talk.slots["ticket_subject"].lower() == PROBLEM
    assert await rows(database, GuideRun) == []


@pytest.mark.parametrize(
    "text", ["quero abrir um chamado", "impressora parou", "o sistema está fora do ar"]
)
async def test_a_ticket_asked_for_or_another_problem_opens_the_form_at_once(
    database: Database, text: str
) -> None:
    talk = await a_known_talk(database)
    await talk.hears(text, "open_ticket")
    await talk.do("action_begin_ticket")
    assert talk.slots["next_step"] == "open_ticket"
    assert talk.slots.get("menu") is None


async def test_what_was_said_already_is_not_asked_again(database: Database) -> None:
    talk = await begun(await a_known_talk(database))
    assert talk.slots["guide_happens"].lower() == PROBLEM
    assert talk.slots["guide_message"] == "usuário inválido no chrome"
    assert talk.slots["guide_browser"] == "chrome"
    await talk.hears("ainda nada", "deny")
    await talk.answers(FORM, "guide_tried")
    assert (talk.slots["guide_tried"], talk.slots["requested_slot"]) == ("nada", "guide_step")


async def test_a_photo_answers_what_stands_on_the_screen(database: Database) -> None:
    talk = await begun(await a_known_talk(database), "não consigo fazer login")
    (file,) = await some_files(talk, 1)
    await talk.hears("", "send_media", files=(file,))
    await talk.answers(FORM, "guide_message")
    assert talk.slots["guide_message"].startswith("Está no arquivo")
    await talk.hears("quero uma pessoa", "talk_to_human")
    await talk.do("action_talk_to_human")
    async with database.reading() as session:
        (media,) = (await session.execute(select(TicketMedia))).scalars()
    assert media.media_id == file


async def test_a_browser_is_one_whatever_else_its_name_reads_like(database: Database) -> None:
    talk = await begun(await a_known_talk(database), "o sistema está muito lento")
    await talk.hears("Edge", "goodbye")
    await talk.answers(FORM, "guide_browser")
    assert talk.slots["guide_browser"] == "Edge"


async def test_solved_is_confirmed_resolved_on_a_ticket_and_rated(database: Database) -> None:
    talk = await at_the_steps(await a_known_talk(database))
    await says(talk, "nao fucionou", "nlu_fallback")
    assert talk.slots.get("guide_step") is None
    await says(talk, "agora funcionol!", "nlu_fallback")
    assert talk.slots["guide_step"] == "worked"
    (question,) = await talk.do("action_ask_guide_confirmed")
    assert "Conseguiu acessar?" in question["question"]
    await says(talk, "1", "menu_option", "guide_confirmed")
    assert talk.slots["guide_confirmed"] == "yes"
    talk.loop = None
    before = dict(talk.slots)
    solved, rating = await talk.do("action_guide_ended")
    assert (solved["response"], rating["response"]) == ("utter_guide_solved", "utter_guide_rate")
    talk.slots = before
    assert (await talk.do("action_guide_ended"))[0]["number"] == solved["number"]
    (ticket,) = await rows(database, Ticket)
    assert (ticket.status, ticket.subject) == (Status.RESOLVED, "Não consigo entrar no portal")
    assert f"O que acontece: {PROBLEM[:1].upper()}" in ticket.description
    assert "Já tinha tentado: não soube dizer" in ticket.description
    assert "(não funcionou)" in ticket.description
    assert "(funcionou)" in ticket.description
    (run,) = await rows(database, GuideRun)
    assert (run.outcome, run.solved_at, run.ticket_id) == (Outcome.SOLVED, 2, ticket.id)
    assert talk.slots["guide"] is None
    await talk.hears("5", "menu_option")
    await talk.do("action_choose_option")
    assert words(await talk.do("action_rate")) == ["utter_rated_well"]


async def test_not_confirmed_goes_on_with_the_next_step(database: Database) -> None:
    talk = await at_the_steps(await a_known_talk(database))
    await says(talk, "sim", "affirm")
    await says(talk, "não, continua igual", "deny", "guide_confirmed")
    assert (talk.slots["guide_step"], talk.slots["guide"]["at"]) == (None, 1)
    assert (await ask_step(talk))["number"] == 2
    async with database.reading() as session:
        (step,) = (await session.execute(select(GuideRunStep))).scalars()
    assert (step.position, step.worked) == (1, False)


async def test_when_no_step_helps_all_is_on_an_open_ticket_and_a_person_is_offered(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    told, ways_on = await exhausted(talk)
    assert told["response"] == "utter_guide_unsolved"
    assert "tela" not in ways_on["options"]
    (ticket,) = await rows(database, Ticket)
    assert ticket.status is Status.OPEN
    await talk.hears("1", "menu_option")
    await talk.do("action_choose_option")
    await talk.do("action_talk_to_human")
    (run,) = await rows(database, GuideRun)
    assert (run.outcome, run.ticket_id) == (Outcome.HANDED_OFF, ticket.id)
    assert len(await rows(database, Ticket)) == 1
    summary = await summary_of_handoff(talk)
    assert "Passo 1: " in summary
    assert "(não funcionou)" in summary


async def summary_of_handoff(talk: Talk) -> str:
    async with talk.database.reading() as session:
        query = select(TurnRequest).where(
            TurnRequest.message_id == talk.message_id, TurnRequest.kind == "handoff"
        )
        return str((await session.execute(query)).scalar_one().data["summary"])


async def test_the_screen_is_shown_to_a_person_where_an_address_is_set(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    async with database.transaction() as session:
        link = DirectSupport(screen_share_url="https://tela.example/acme")
        await save_configuration(session, link, SYSTEM)
    _, ways_on = await exhausted(talk)
    assert "2 - Mostrar minha tela" in ways_on["options"]
    await talk.hears("2", "menu_option")
    await talk.do("action_choose_option")
    assert talk.slots["next_step"] == "share_screen"
    shown = (await talk.do("action_share_screen"))[0]
    assert (shown["response"], shown["url"]) == (
        "utter_guide_share_screen",
        "https://tela.example/acme",
    )
    assert "Aceitou mostrar a tela." in await summary_of_handoff(talk)


async def test_a_person_in_the_middle_gets_what_was_tried_in_the_queue_of_its_nature(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    async with database.transaction() as session:
        session.add(RequestType(name="Acesso ao portal", position=9, queue_id=1))
    await at_the_steps(talk)
    await says(talk, "não", "deny")
    await talk.hears("3", "menu_option")
    assert await talk.answers(FORM, "guide_step") == []
    await talk.do("action_choose_option")
    assert (talk.slots["next_step"], talk.in_form) == ("talk_to_human", False)
    before = dict(talk.slots)
    replies = await talk.do("action_talk_to_human")
    talk.slots = before
    await talk.do("action_talk_to_human")
    assert words(replies)[0] == "utter_handoff_ticket"
    (ticket,) = await rows(database, Ticket)
    (run,) = await rows(database, GuideRun)
    assert (run.outcome, run.ticket_id) == (Outcome.HANDED_OFF, ticket.id)
    assert (ticket.subject, ticket.request_type_id) == ("Não consigo entrar no portal", 4)
    summary = await summary_of_handoff(talk)
    assert "Passo 1: Vi aqui que a sua senha provisória venceu" in summary
    (shown,) = [line for line in summary.splitlines() if line.startswith("Passo 2: ")]
    assert shown.endswith("(na tela, ainda sem resposta)")


async def test_who_comes_back_from_a_person_may_go_on_with_the_guide(database: Database) -> None:
    talk = await at_the_steps(await a_known_talk(database))
    await says(talk, "não", "deny")
    await talk.hears("quero uma pessoa", "talk_to_human")
    await talk.do("action_talk_to_human")
    await talk.hears("", "human_finished", outcome="released")
    _, menu = await talk.do("action_human_finished")
    assert "1 - Continuar o passo a passo: Não consigo entrar no portal" in menu["options"]
    await talk.hears("1", "menu_option")
    await talk.do("action_choose_option")
    await talk.do("action_begin_guide")
    assert (await ask_step(talk))["number"] == 2
    await says(talk, "sim", "affirm")
    await says(talk, "sim", "affirm", slot="guide_confirmed")
    talk.loop = None
    solved, _ = await talk.do("action_guide_ended")
    (ticket,) = await rows(database, Ticket)
    (run,) = await rows(database, GuideRun)
    assert (solved["number"], ticket.status) == (f"#{ticket.number}", Status.RESOLVED)
    assert (run.outcome, run.ticket_id, run.solved_at) == (Outcome.SOLVED, ticket.id, 2)


async def test_what_a_person_has_resolved_is_no_guide_any_more(database: Database) -> None:
    talk = await at_the_steps(await a_known_talk(database))
    await talk.hears("quero uma pessoa", "talk_to_human")
    await talk.do("action_talk_to_human")
    await talk.hears("", "human_finished", outcome="resolved")
    await talk.do("action_human_finished")
    assert talk.slots["guide"] is None


async def test_a_ticket_wanted_in_the_middle_is_opened_with_all_of_it(database: Database) -> None:
    talk = await at_the_steps(await a_known_talk(database))
    await says(talk, "não", "deny")
    await talk.hears("prefiro abrir um chamado", "open_ticket")
    assert await talk.answers(FORM, "guide_step") == []
    replies = await talk.do("action_begin_ticket")
    assert words(replies) == ["utter_guide_ticket", "utter_menu"]
    assert (talk.slots["next_step"], talk.in_form) == ("nothing", False)
    (run,) = await rows(database, GuideRun)
    assert run.outcome is Outcome.TICKET
    assert "Passo 1" in (await rows(database, Ticket))[0].description


async def test_back_goes_one_step_back_and_before_the_first_to_the_question(
    database: Database,
) -> None:
    talk = await at_the_steps(await a_known_talk(database))
    await says(talk, "não", "deny")
    await says(talk, "voltar", "show_menu")
    assert (talk.slots["guide"]["at"], talk.slots["guide"]["tried"]) == (0, [])
    assert talk.slots["requested_slot"] == "guide_step"
    await says(talk, "voltar", "show_menu")
    assert (talk.slots["guide_browser"], talk.slots["requested_slot"]) == (None, "guide_browser")


async def test_left_with_sair_it_is_taken_up_at_the_same_step(database: Database) -> None:
    talk = await at_the_steps(await a_known_talk(database))
    await says(talk, "não", "deny")
    await talk.hears("sair", "goodbye")
    assert await talk.answers(FORM, "guide_step") == []
    assert words(await talk.do("action_goodbye")) == ["utter_goodbye_guide"]
    assert await rows(database, Ticket) == []
    await talk.hears("oi", "greet")
    await talk.do("action_session_start")
    await talk.hears("menu", "show_menu")
    (menu,) = await talk.do("action_show_menu")
    assert "1 - Continuar o passo a passo: Não consigo entrar no portal" in menu["options"]
    await talk.hears("1", "menu_option")
    await talk.do("action_choose_option")
    assert words(await talk.do("action_begin_guide")) == ["utter_guide_resumed"]
    assert (await ask_step(talk))["number"] == 2
    assert len(await rows(database, GuideRun)) == 1


async def test_a_guide_that_was_left_is_no_part_of_another_matter(database: Database) -> None:
    talk = await at_the_steps(await a_known_talk(database))
    await talk.hears("menu", "show_menu")
    await talk.answers(FORM, "guide_step")
    await talk.do("action_show_menu")
    await talk.hears("quero uma pessoa", "talk_to_human")
    await talk.do("action_talk_to_human")
    assert "Passo a passo" not in await summary_of_handoff(talk)
    assert (await rows(database, GuideRun))[0].outcome is Outcome.RUNNING


async def test_the_portals_note_is_told_at_once_and_a_ticket_brings_the_news(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    async with database.transaction() as session:
        note = PortalNote(text="Instabilidade desde as 14h.")
        await save_configuration(session, note, SYSTEM)
    await talk.hears(PROBLEM, "open_ticket")
    await talk.do("action_begin_ticket")
    await talk.hears("1", "menu_option")
    await talk.do("action_choose_option")
    (told,) = await talk.do("action_begin_guide")
    assert (told["response"], talk.slots["next_step"]) == ("utter_guide_portal", "nothing")
    assert told["note"] == "Instabilidade desde as 14h."
    tried = slots_of_option(talk, "2")
    await talk.hears("1", "menu_option")
    await talk.do("action_choose_option")
    assert talk.slots["next_step"] == "guide_ticket"
    assert words(await talk.do("action_guide_ticket"))[0] == "utter_guide_portal_ticket"
    (run,) = await rows(database, GuideRun)
    assert (run.outcome, run.portal_noted) == (Outcome.PORTAL_DOWN, True)
    (ticket,) = await rows(database, Ticket)
    assert "Aviso do portal: Instabilidade desde as 14h." in ticket.description
    assert tried["guide"]["insists"]


def slots_of_option(talk: Talk, key: str) -> dict[str, Any]:
    return next(each["slots"] for each in talk.slots["menu"] if each["key"] == key)


async def test_a_note_that_is_over_is_not_told(database: Database) -> None:
    talk = await a_known_talk(database)
    async with database.transaction() as session:
        over = datetime.now(UTC) - timedelta(hours=1)
        await save_configuration(session, PortalNote(text="Instável", ends_at=over), SYSTEM)
    await begun(talk)
    assert talk.slots["guide"]["portal"] == ""


async def test_a_locked_account_is_seen_and_its_step_comes_first(database: Database) -> None:
    talk = await a_known_talk(database)
    async with database.transaction() as session:
        account = (await session.execute(select(PortalAccount))).scalar_one()
        account.locked_until = datetime.now(UTC) + timedelta(minutes=4)
    await at_the_steps(talk)
    assert talk.slots["guide"]["account"] == "locked"
    assert "Espere 5 minutos sem tentar" in (await ask_step(talk))["step"]


async def test_who_complains_is_apologised_to_first_without_cheerfulness(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    await talk.hears("absurdo, não consigo entrar no portal de novo", "complaint")
    sorry, menu = await talk.do("action_complaint")
    assert (sorry["response"], menu["response"]) == ("utter_complaint", "utter_complaint_guide")
    assert menu["options"].startswith("1 - Sim, falar com uma pessoa")
    await talk.hears("4", "menu_option")
    await talk.do("action_choose_option")
    async with database.transaction() as session:
        (await session.get_one(Conversation, talk.conversation.id)).sentiment = -1
    assert words(await talk.do("action_begin_guide")) == ["utter_guide_begin_upset"]
    await talk.hears("oi", "greet")
    assert words(await talk.do("action_welcome_back"))[0] == "utter_welcome_back_upset"


async def test_words_that_are_neither_yes_nor_no_are_noted_for_the_team(
    database: Database,
) -> None:
    talk = await at_the_steps(await a_known_talk(database))
    assert words(await says(talk, "apareceu uma tela azul com letras")) == []
    await says(talk, "a tela ficou azul com umas letras")
    assert talk.slots["guide"]["notes"] == ["a tela ficou azul com umas letras"]


async def test_who_needs_a_moment_hears_no_step_again(database: Database) -> None:
    talk = await at_the_steps(await a_known_talk(database))
    assert words(await says(talk, "um minuto, vou tentar", "affirm")) == ["utter_guide_no_hurry"]
    assert await talk.do("action_ask_guide_step") == []
    assert (talk.slots["guide"]["at"], talk.slots["guide_step"]) == (0, None)
    await says(talk, "não", "deny")
    assert (await ask_step(talk))["number"] == 2


@pytest.mark.parametrize("text", ["não entendi", "onde eu clico nesse ctrl f5", "como assim?"])
async def test_who_is_lost_hears_the_step_again_and_how_to_go_on(
    database: Database, text: str
) -> None:
    talk = await at_the_steps(await a_known_talk(database))
    assert words(await says(talk, text, "affirm")) == ["utter_guide_explain"]
    assert (await ask_step(talk))["number"] == 1
    assert talk.slots["guide"]["notes"] == []


async def test_what_comes_with_a_no_or_with_a_file_is_on_the_ticket(database: Database) -> None:
    talk = await at_the_steps(await a_known_talk(database))
    await says(talk, "não, já tinha limpado tudo ontem", "deny")
    (file,) = await some_files(talk, 1)
    await talk.hears("olha o erro que dá", "send_media", files=(file,))
    await talk.answers(FORM, "guide_step")
    await talk.hears("prefiro abrir um chamado", "open_ticket")
    await talk.answers(FORM, "guide_step")
    await talk.do("action_begin_ticket")
    lines = (await rows(database, Ticket))[0].description.splitlines()
    assert any("(não funcionou; disse: não, já tinha limpado tudo ontem)" in line for line in lines)
    assert "Comentou: olha o erro que dá" in lines


async def test_no_message_and_nothing_tried_are_answers(database: Database) -> None:
    talk = await begun(await a_known_talk(database), "não consigo fazer login")
    await talk.hears("como assim?", "nlu_fallback")
    await talk.answers(FORM, "guide_message")
    assert talk.slots.get("guide_message") is None
    await talk.hears("não", "deny")
    await talk.answers(FORM, "guide_message")
    assert talk.slots["guide_message"] == "nada"
    await talk.hears("não sei", "deny")
    await talk.answers(FORM, "guide_browser")
    assert talk.slots["guide_browser"] == "none"


async def test_the_menu_leads_to_every_guide(database: Database) -> None:
    talk = await a_known_talk(database)
    await talk.hears("menu", "show_menu")
    await talk.do("action_show_menu")
    await talk.hears("1", "menu_option")
    await talk.do("action_choose_option")
    assert talk.slots["next_step"] == "list_guides"
    (listed,) = await talk.do("action_list_guides")
    for guide in await guides().all():
        assert guide.title in listed["options"]


async def test_a_guide_whose_file_is_gone_is_said_so(database: Database) -> None:
    talk = await at_the_steps(await a_known_talk(database))
    talk.slots["guide"]["slug"] = "apagado"
    assert words(await talk.do("action_begin_guide")) == ["utter_guide_gone"]
    assert (talk.slots["next_step"], talk.slots["guide"]) == ("nothing", None)


@pytest.mark.parametrize(
    ("text", "intent", "helped"),
    [
        ("sim", "affirm", True),
        ("funcionou", "nlu_fallback", True),
        ("fucionou", "nlu_fallback", True),
        ("consegui, valeu!", "thanks", True),
        ("deu certo obrigada", "thanks", True),
        ("1", "menu_option", True),
        ("1️⃣", "menu_option", True),
        ("opção 2", "menu_option", False),
        ("n", "deny", False),
        ("naum", "deny", False),
        ("não funcionou", "deny", False),
        ("continua a mesma coisa", "nlu_fallback", False),
        ("nao consegui", "open_ticket", False),
        ("ja tentei isso", "nlu_fallback", False),
        ("deu erro 502", "open_ticket", False),
        ("3", "menu_option", None),
        ("como limpo o cache?", "ask_docs", None),
        ("quero falar com uma pessoa", "talk_to_human", None),
        ("", "send_media", None),
        ("apareceu erro 401", "open_ticket", False),
        ("voltou o erro", "open_ticket", False),
        ("voltou a dar erro", "nlu_fallback", False),
        ("cliquei e apareceu um erro", "affirm", False),
        ("abriu mas deu tela branca", "nlu_fallback", False),
        ("entrou mas caiu", "nlu_fallback", False),
        ("a mensagem apareceu de novo", "nlu_fallback", False),
        ("ñ apareceu como eu esperava", "deny", False),
        ("vou tentar de novo", "nlu_fallback", None),
        ("abriu sem erro", "nlu_fallback", True),
        ("voltou ao normal", "nlu_fallback", True),
        ("agora tá funcionando", "affirm", True),
        ("apareceu, obrigado!", "thanks", True),
        ("deu certo mas tá demorando", "thanks", None),
        ("um minuto", "affirm", None),
        ("só um instante", "affirm", None),
        ("ainda vou tentar", "deny", None),
        ("não tentei ainda", "deny", None),
        ("onde eu clico nesse ctrl f5", "affirm", None),
        ("não entendi", "deny", None),
        ("nao sei o que é isso", "deny", None),
        ("resolve isso logo", "complaint", None),
        ("👎", "deny", False),
        ("👍", "affirm", True),
        ("❌", "nlu_fallback", False),
        ("👍🏽", "greet", True),
        ("🤔", "nlu_fallback", None),
    ],
)
def test_an_answer_is_read_by_digit_button_meaning_and_with_typos(
    text: str, intent: str, helped: bool | None
) -> None:
    assert has_helped(Heard(text, intent, 0.9, 1, {}, {})) is helped


@pytest.mark.parametrize(
    ("text", "browser", "message", "tried"),
    [
        ("não entra no Google Chrome", "Google Chrome", None, None),
        (
            'diz "E-mail ou senha não conferem" no edge',
            "edge",
            "E-mail ou senha não conferem",
            None,
        ),
        ("Já reiniciei o computador. Nada", None, None, "Já reiniciei o computador"),
        ("aparece usuário inválido", None, "usuário inválido", None),
        ("só não vai", None, None, None),
    ],
)
def test_facts_are_found_in_what_was_told(
    text: str, browser: str | None, message: str | None, tried: str | None
) -> None:
    assert (browser_in(text), message_in(text), tried_in(text)) == (browser, message, tried)


@pytest.mark.parametrize(
    ("text", "response"),
    [
        ("não consigo entrar no portal", "utter_guide_offer"),
        ("esqueci minha senha do portal", "utter_access_recovered"),
        ("quero recuperar meu acesso", "utter_access_recovered"),
    ],
)
async def test_trouble_with_getting_in_is_offered_the_guide_a_lost_password_a_new_one(
    database: Database, text: str, response: str
) -> None:
    talk = await a_known_talk(database)
    await talk.hears(text, "recover_access")
    assert words(await talk.do("action_recover_access"))[0] == response
    assert talk.slots["next_step"] == "nothing"
