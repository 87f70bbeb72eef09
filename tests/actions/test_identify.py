"""Identification: CNPJ, name and e-mail, wherever and however they come."""

import pytest
from sqlalchemy import select, update

from desk.companies.directory import add_company
from desk.companies.tables import Company
from desk.contacts.registration import register_contact
from desk.contacts.tables import Contact, PortalAccount
from desk.db import Database
from tests.actions.talking import BLOCKED, NOBODYS, PADARIA, a_known_talk, a_talk, words

FORM = "identify_form"


@pytest.mark.parametrize(
    "text", [PADARIA, "11.222.333/0001-81", "meu cnpj é 11.222.333/0001-81, pode ver?"]
)
async def test_a_customers_cnpj_is_found_however_it_is_written(
    database: Database, text: str
) -> None:
    talk = await a_talk(database)
    await talk.hears(text, "inform_cnpj")
    assert words(await talk.answers(FORM, "company_cnpj")) == ["utter_company_found"]
    assert talk.slots["company_cnpj"] == PADARIA
    assert talk.slots["company_name"] == "Padaria Estrela LTDA"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("11222333000182", "utter_cnpj_invalid"),
        ("1122233300018", "utter_cnpj_invalid"),
        ("não tenho cnpj", "utter_cnpj_missing"),
    ],
)
async def test_a_wrong_cnpj_is_asked_for_again(database: Database, text: str, said: str) -> None:
    talk = await a_talk(database)
    await talk.hears(text, "inform_cnpj")
    assert words(await talk.answers(FORM, "company_cnpj")) == [said]
    assert talk.slots["company_cnpj"] is None
    assert talk.slots["requested_slot"] == "company_cnpj"


@pytest.mark.parametrize(
    ("cnpj", "said"), [(NOBODYS, "utter_company_unknown"), (BLOCKED, "utter_company_blocked")]
)
async def test_who_is_no_customer_cannot_go_on(database: Database, cnpj: str, said: str) -> None:
    talk = await a_talk(database)
    await talk.hears(cnpj, "inform_cnpj")
    assert words(await talk.answers(FORM, "company_cnpj")) == [said]
    assert talk.slots["requested_slot"] is None
    assert await talk.do("action_register") == []
    assert talk.slots["next_step"] == "nothing"


@pytest.mark.parametrize(
    "text", ["sim", "asdf", "sdfghjk", "qual?", "quero ajuda", "kkkkk", "👍", "12345"]
)
async def test_what_is_no_name_is_not_taken_as_one(database: Database, text: str) -> None:
    talk = await a_talk(database)
    await talk.hears(text)
    assert words(await talk.answers(FORM, "contact_name")) == ["utter_name_invalid"]
    assert talk.slots["contact_name"] is None


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("Carla Tivetura", "affirm"),
        ("João Lima Docifino", "goodbye"),
        ("Maria de Fátima Naoum", "thanks"),
        ("Ingrid Hirschfeld Schwartz", "out_of_scope"),
        ("Nguyễn Thị Kowalczyk", "nlu_fallback"),
    ],
)
async def test_an_unusual_name_is_a_name_whatever_it_reads_like(
    database: Database, text: str, read_as: str
) -> None:
    talk = await a_talk(database)
    await talk.hears(text, read_as)
    await talk.answers(FORM, "contact_name")
    assert talk.slots["contact_name"] == text


@pytest.mark.parametrize("text", ["Até Logo", "tchau", "Tchau Tchau", "carla tivetura"])
async def test_a_goodbye_in_place_of_a_name_stays_one(database: Database, text: str) -> None:
    talk = await a_talk(database)
    await talk.hears(text, "goodbye")
    assert await talk.answers(FORM, "contact_name") == []
    assert "contact_name" not in talk.slots


async def test_a_request_in_place_of_a_name_is_left_to_the_rules(database: Database) -> None:
    talk = await a_talk(database)
    await talk.hears("quero falar com uma pessoa", "talk_to_human")
    assert await talk.answers(FORM, "contact_name") == []
    assert "contact_name" not in talk.slots


async def test_name_and_email_may_come_together_and_be_corrected(database: Database) -> None:
    talk = await a_talk(database)
    await talk.hears("joão da silva, joao@padaria.com.br", "inform_email")
    await talk.answers(FORM, "contact_name")
    assert talk.slots["contact_name"] == "João da Silva"
    assert talk.slots["contact_email"] == "joao@padaria.com.br"
    await talk.hears("na verdade meu nome é João Souza", "out_of_scope")
    assert words(await talk.answers(FORM, "contact_email")) == ["utter_corrected"]
    assert talk.slots["contact_name"] == "João Souza"
    await talk.hears("na verdade meu e-mail é js@padaria.com.br", "inform_email")
    await talk.answers(FORM, "contact_email")
    assert talk.slots["contact_email"] == "js@padaria.com.br"


async def test_an_address_that_is_none_is_asked_for_again(database: Database) -> None:
    talk = await a_talk(database)
    await talk.hears("joao@padaria", "inform_email")
    assert words(await talk.answers(FORM, "contact_email")) == ["utter_email_invalid"]


@pytest.mark.parametrize(
    ("slot", "text"),
    [
        ("company_cnpj", "pra que você quer meu cnpj?"),
        ("contact_name", "por que precisa do meu nome"),
        ("contact_email", "pq quer meu email?"),
    ],
)
async def test_who_asks_why_is_told(database: Database, slot: str, text: str) -> None:
    talk = await a_talk(database)
    await talk.hears(text, "bot_challenge")
    assert words(await talk.answers(FORM, slot)) == ["utter_why_identify"]


async def test_who_has_no_address_is_told_of_a_person(database: Database) -> None:
    talk = await a_talk(database)
    await talk.hears("não tenho e-mail", "deny")
    assert words(await talk.answers(FORM, "contact_email")) == ["utter_email_needed"]


async def test_registering_makes_the_account_once_and_shows_no_password(
    database: Database,
) -> None:
    talk = await a_talk(database)
    talk.slots |= {"company_id": 1, "contact_name": "Ana Lima", "contact_email": "ana@x.com.br"}
    await talk.hears("ana@x.com.br", "inform_email")
    first, again = await talk.do("action_register"), await talk.do("action_register")
    assert words(first) == ["utter_registered"]
    assert first == again
    assert first[0]["password"].startswith("⟦senha:")
    assert first[0]["portal"] == "https://acme.example/portal"
    assert talk.slots["identified"] is True
    assert talk.slots["next_step"] == "show_menu"
    async with database.reading() as session:
        assert len((await session.execute(select(PortalAccount))).scalars().all()) == 1


async def test_a_typed_address_of_somebody_else_gives_no_account(database: Database) -> None:
    await a_known_talk(database)
    other = await a_talk(database, "other")
    other.slots |= {
        "company_id": 1,
        "contact_name": "Eva",
        "contact_email": "visitor@padariaestrela.com.br",
    }
    await other.hears("visitor@padariaestrela.com.br", "inform_email")
    assert words(await other.do("action_register")) == ["utter_proof_code_sent"]
    assert other.slots["next_step"] == "prove_email"
    async with database.reading() as session:
        assert len((await session.execute(select(PortalAccount))).scalars().all()) == 1


async def test_what_was_wanted_before_is_taken_up_after_the_registration(
    database: Database,
) -> None:
    talk = await a_talk(database)
    await talk.hears("oi, minha impressora parou", "open_ticket")
    assert words(await talk.do("action_welcome")) == ["utter_welcome_problem"]
    talk.slots |= {"company_id": 1, "contact_name": "Ana Lima", "contact_email": "ana@x.com.br"}
    await talk.do("action_register")
    assert talk.slots["next_step"] == "open_ticket"
    assert talk.slots["ticket_subject"] == "Minha impressora parou"


async def test_a_session_begins_with_all_that_the_desk_knows(database: Database) -> None:
    talk = await a_known_talk(database)
    assert talk.slots["identified"] is True
    assert talk.slots["contact_first_name"] == "Maria"
    assert talk.slots["company_name"] == "Padaria Estrela LTDA"
    assert talk.slots["brand"] == "Acme"
    assert talk.events[-1]["name"] == "action_listen" or talk.events[-2]["event"] == "action"


async def test_a_known_customer_is_greeted_by_name_and_offered_the_access(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    assert words(await talk.do("action_welcome_back")) == [
        "utter_welcome_back",
        "utter_access_menu",
    ]
    await talk.hears("2", "menu_option")
    await talk.do("action_choose_option")
    assert talk.slots["next_step"] == "show_menu"


async def test_a_known_customer_corrects_the_email(database: Database) -> None:
    talk = await a_known_talk(database)
    await talk.hears("na verdade meu e-mail é nova@padaria.com.br", "inform_email")
    assert words(await talk.do("action_correct_email")) == ["utter_email_corrected"]
    async with database.reading() as session:
        contact = await session.get_one(Contact, talk.conversation.contact_id)
    assert contact.email == "nova@padaria.com.br"


async def test_the_access_is_recovered_without_a_password_in_the_words(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    await talk.hears("esqueci minha senha", "recover_access")
    replies = await talk.do("action_recover_access")
    assert words(replies) == ["utter_access_recovered", "utter_menu"]
    assert replies[0]["password"].startswith("⟦senha:")


async def test_a_sender_that_is_no_conversation_of_ours_gets_a_local_one(
    database: Database,
) -> None:
    talk = await a_talk(database)
    await talk.hears("oi", "greet")
    talk.conversation.public_id = "default"
    talk.events[-1]["metadata"]["message_id"] = None
    await talk.do("action_session_start")
    assert talk.slots["identified"] is False


async def test_the_profile_name_of_a_channel_addresses_somebody_but_registers_nobody(
    database: Database,
) -> None:
    talk = await a_talk(database)
    async with database.transaction() as session:
        contact = await session.get_one(Contact, talk.conversation.contact_id)
        contact.name = "Mari 🌸"
    await talk.hears("oi", "greet")
    await talk.do("action_session_start")
    assert "contact_name" not in talk.slots
    assert talk.slots["contact_first_name"] == "Mari"


async def test_who_speaks_for_several_companies_chooses_one_first(database: Database) -> None:
    talk = await a_known_talk(database)
    async with database.transaction() as session:
        filial = await add_company(session, "90410023000248", "Mercado Aurora SA (filial)")
        contact_id = talk.conversation.contact_id
        await register_contact(session, contact_id, filial.id, "Maria Souza", "maria@x.com.br")
    talk.slots = {}
    await talk.hears("oi", "greet")
    await talk.do("action_session_start")
    assert "company_id" not in talk.slots
    _greeting, menu = await talk.do("action_welcome_back")
    assert menu["response"] == "utter_choose_company"
    assert "2 - Mercado Aurora SA (filial) (90.410.023/0002-48)" in menu["options"]
    await talk.hears("a segunda", "menu_option")
    await talk.do("action_choose_option")
    assert talk.slots["next_step"] == "offer_access"
    assert talk.slots["company_name"] == "Mercado Aurora SA (filial)"
    assert words(await talk.do("action_offer_access")) == ["utter_access_menu"]


async def test_a_session_that_ended_in_the_middle_of_a_ticket_leaves_a_draft(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    talk.loop, talk.slots["ticket_subject"] = "ticket_form", "Boleto errado"
    await talk.hears("oi", "greet")
    await talk.do("action_session_start")
    assert talk.slots["draft"]["ticket_subject"] == "Boleto errado"


async def test_a_known_customer_of_a_blocked_company_is_told_so(database: Database) -> None:
    talk = await a_known_talk(database)
    async with database.transaction() as session:
        await session.execute(update(Company).values(blocked=True))
    talk.slots = {}
    await talk.hears("oi", "greet")
    await talk.do("action_session_start")
    assert talk.slots["identified"] is False
    replies = await talk.do("action_welcome")
    assert words(replies) == ["utter_companies_blocked"]
    assert replies[0]["company_name"] == "Padaria Estrela LTDA"


async def test_a_branch_is_named_with_its_cnpj(database: Database) -> None:
    talk = await a_talk(database)
    async with database.transaction() as session:
        await add_company(session, "90410023000248", "Mercado Aurora SA")
    await talk.hears("90410023000248", "inform_cnpj")
    reply = (await talk.answers(FORM, "company_cnpj"))[0]
    assert (reply["response"], reply["cnpj"]) == ("utter_branch_found", "90.410.023/0002-48")


async def test_the_second_answer_in_a_row_that_is_none_brings_the_offer_of_a_person(
    database: Database,
) -> None:
    talk = await a_talk(database)
    talk.loop, talk.slots["requested_slot"] = "identify_form", "company_cnpj"
    # As Rasa keeps it: the question of a form is the response that was uttered.
    ask = {"event": "bot", "metadata": {"utter_action": "utter_ask_identify_form_company_cnpj"}}
    offers = []
    for text in ("oi", "lkj lkj", "asd fgh"):
        await talk.hears(text)
        offers.append("utter_person_hint" in words(await talk.do("validate_identify_form")))
        talk.events.append(dict(ask))
    assert offers == [False, False, True]
    await talk.hears("11.222.333/0001-81")
    assert "utter_person_hint" not in words(await talk.do("validate_identify_form"))


@pytest.mark.parametrize(
    ("text", "intent", "wanted"),
    [
        (
            "bom dia, cnpj 11.222.333/0001-81, a impressora parou de imprimir",
            "inform_cnpj",
            ("open_ticket", "A impressora parou de imprimir"),
        ),
        (
            "bom dia, sou da padaria estrela cnpj 11.222.333/0001-81 e meu relatorio sumiu",
            "inform_cnpj",
            ("open_ticket", "Meu relatorio sumiu"),
        ),
        (
            "meu cnpj é 11.222.333/0001-81, onde baixo o xml das notas?",
            "inform_cnpj",
            ("ask", "onde baixo o xml das notas?"),
        ),
        (
            "nao consigo entrar na minha conta!!!",
            "recover_access",
            ("recover_access", "nao consigo entrar na minha conta!!!"),
        ),
        ("esqueci minha senha", "recover_access", ("recover_access", None)),
        ("meu cnpj é 11.222.333/0001-81", "inform_cnpj", None),
        ("não tenho o cnpj aqui comigo agora", "inform_cnpj", None),
    ],
)
async def test_what_is_told_with_the_first_words_is_kept(
    database: Database, text: str, intent: str, wanted: tuple[str, str] | None
) -> None:
    talk = await a_talk(database)
    await talk.hears(text, intent)
    await talk.do("action_welcome")
    kept = talk.slots.get("wanted")
    assert (kept and (kept["step"], kept["subject"])) == wanted


async def test_what_is_told_with_the_cnpj_in_the_form_is_kept(database: Database) -> None:
    talk = await a_talk(database)
    await talk.hears("11.222.333/0001-81 e o sistema não abre desde ontem", "inform_cnpj")
    await talk.answers(FORM, "company_cnpj")
    assert talk.slots["wanted"]["step"] == "open_ticket"


async def test_a_question_told_before_is_answered_after_registration(database: Database) -> None:
    talk = await a_talk(database)
    await talk.hears("meu cnpj é 11.222.333/0001-81, onde baixo o xml das notas?", "inform_cnpj")
    await talk.do("action_welcome")
    talk.slots |= {"company_id": 1, "contact_name": "Ana Lima", "contact_email": "ana@x.com.br"}
    assert words(await talk.do("action_register")) == [
        "utter_registered",
        "utter_docs_unavailable",
        "utter_docs_menu",
    ]
    assert (talk.slots["next_step"], talk.slots["wanted"]) == ("nothing", None)


async def test_a_question_in_the_middle_of_the_registration_is_answered(
    database: Database,
) -> None:
    talk = await a_talk(database)
    talk.loop, talk.slots["requested_slot"] = FORM, "contact_name"
    await talk.hears("como troco minha senha?", "recover_access")
    assert "utter_docs_in_form" in words(await talk.do("action_welcome"))
    assert talk.slots.get("wanted") is None


async def test_digits_are_no_name(database: Database) -> None:
    talk = await a_talk(database)
    await talk.hears("123", "check_status", entities=[{"entity": "ticket_number", "value": "123"}])
    assert words(await talk.answers(FORM, "contact_name")) == ["utter_name_invalid"]
