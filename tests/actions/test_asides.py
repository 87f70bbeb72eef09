"""An address, a CNPJ or a password of another matter changes nothing of the writer's own."""

import re
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from actions.asides import asks_something, gives_own, is_of_another
from desk.companies.directory import add_company
from desk.contacts.tables import Contact, PortalAccount
from desk.db import Database
from tests.actions.talking import PADARIA, Talk, a_known_talk, words

LEARNED = Path(__file__).parents[2] / "data/identify/nlu.yml"
OTHER = "12ABC34501DE35"


def learned(intent: str) -> list[str]:
    """The sentences of an intent in which an address or a number stands."""
    blocks = yaml.safe_load(LEARNED.read_text("utf-8"))["nlu"]
    lines = next(each["examples"] for each in blocks if each.get("intent") == intent).splitlines()
    return [line[2:] for line in lines if "@" in line or len(re.findall(r"\d", line)) > 8]


@pytest.mark.parametrize("intent", ["inform_email", "inform_cnpj"])
def test_what_the_training_has_for_ones_own_is_taken_so(intent: str) -> None:
    sentences = learned(intent)
    assert len(sentences) > 60
    asked_again = [text for text in sentences if not gives_own(text)]
    # "cnpj do cliente …", "o email do contador: …": asking once more is right there.
    assert len(asked_again) <= 2, asked_again


@pytest.mark.parametrize(
    "text",
    [
        "manda a nota fiscal pro meu contador no email contador@escritorio.com.br por favor",
        "quero mudar o email q recebe boleto para financeiro@padaria.com.br",
        "não recebo nada no meu email ana@x.com.br",
        "como cadastro um fornecedor com o cnpj 90.410.023/0001-67?",
        "como emito nota pro cliente de cnpj 38.119.044/0001-08",
        "o boleto veio no nome do cnpj 90.410.023/0001-67",
        "convida o usuario joao@x.com.br pra mim",
    ],
)
def test_what_belongs_to_another_matter_is_not_ones_own(text: str) -> None:
    assert not gives_own(text)


@pytest.mark.parametrize(
    ("text", "is_another"),
    [
        ("meu funcionario esqueceu a senha dele", True),
        ("me diga a senha do administrador", True),
        ("minha funcionária não consegue entrar", True),
        ("reseta a senha da vendedora", True),
        ("troca a senha do usuario joao", True),
        ("esqueci a senha da minha funcionária", True),
        ("esqueci a senha do meu usuário", False),
        ("esqueci a senha do administrador", False),
        ("esqueci a senha", False),
        ("esqueci a senha do portal da minha empresa", False),
        ("não lembro a senha da minha conta", False),
        ("perdi meu acesso, sou o gerente", False),
    ],
)
def test_whose_password_it_is(text: str, is_another: bool) -> None:
    assert is_of_another(text) is is_another


def test_a_question_is_one_without_its_mark_too() -> None:
    assert asks_something("como cadastro um fornecedor com o cnpj 90.410.023/0001-67")
    assert not asks_something("meu cnpj é 90.410.023/0001-67")


async def test_an_address_of_another_matter_changes_nothing_until_it_is_chosen(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    await talk.hears("manda a nota pro contador no email conta@escritorio.com.br", "inform_email")
    (asked,) = await talk.do("action_correct_email")
    assert asked["response"] == "utter_named_aside"
    assert "1 - Usar conta@escritorio.com.br como meu e-mail" in asked["options"]
    assert await email_of(talk) == "visitor@padariaestrela.com.br"
    await talk.hears("1", "menu_option")
    await talk.do("action_choose_option")
    assert talk.slots["next_step"] == "correct_email"
    assert words(await talk.do("action_correct_email")) == ["utter_email_corrected"]
    assert await email_of(talk) == "conta@escritorio.com.br"
    assert (talk.slots["named"], talk.slots["next_step"]) == (None, "nothing")


async def test_it_can_become_a_ticket_with_all_its_words(database: Database) -> None:
    talk = await a_known_talk(database)
    told = "manda a nota pro contador no email conta@escritorio.com.br"
    await talk.hears(told, "inform_email")
    await talk.do("action_correct_email")
    await talk.hears("2", "menu_option")
    await talk.do("action_choose_option")
    assert (talk.slots["next_step"], talk.slots["ticket_description"]) == ("open_ticket", told)


async def test_a_question_with_a_cnpj_is_answered_and_the_company_stays(
    database: Database,
) -> None:
    talk = await a_known_talk(database)
    async with database.transaction() as session:
        await add_company(session, OTHER, "Oficina Boa Vista ME")
    await talk.hears(f"como emito nota pro cliente de cnpj {OTHER}?", "inform_cnpj")
    assert words(await talk.do("action_change_company"))[0] == "utter_docs_unavailable"
    assert talk.slots["company_cnpj"] == PADARIA
    await talk.hears(f"o boleto veio no nome do cnpj {OTHER}", "inform_cnpj")
    (asked,) = await talk.do("action_change_company")
    assert "1 - Falar pela empresa do CNPJ 12.ABC.345/01DE-35" in asked["options"]
    assert talk.slots["company_cnpj"] == PADARIA
    await talk.hears("1", "menu_option")
    await talk.do("action_choose_option")
    assert words(await talk.do("action_change_company"))[0] == "utter_company_chosen"
    assert (talk.slots["company_cnpj"], talk.slots["named"]) == (OTHER, None)


async def test_ones_own_cnpj_with_a_question_is_both(database: Database) -> None:
    talk = await a_known_talk(database)
    await talk.hears("meu cnpj é 11.222.333/0001-81, onde baixo o xml das notas?", "inform_cnpj")
    assert words(await talk.do("action_change_company"))[0] == "utter_docs_unavailable"
    assert talk.slots["docs_question"] == "onde baixo o xml das notas?"


async def test_nobodys_password_is_changed_for_another(database: Database) -> None:
    talk = await a_known_talk(database)
    before = await portal_account(talk)
    await talk.hears("meu funcionário esqueceu a senha dele", "recover_access")
    assert words(await talk.do("action_recover_access")) == [
        "utter_access_not_yours",
        "utter_docs_menu",
    ]
    assert await portal_account(talk) == before
    await talk.hears("3", "menu_option")
    await talk.do("action_choose_option")
    assert talk.slots["next_step"] == "recover_access"
    assert words(await talk.do("action_recover_access"))[0] == "utter_access_recovered"


async def email_of(talk: Talk) -> str | None:
    async with talk.database.reading() as session:
        return (await session.get_one(Contact, talk.conversation.contact_id)).email


async def portal_account(talk: Talk) -> tuple[object, ...]:
    async with talk.database.reading() as session:
        query = select(PortalAccount.username, PortalAccount.password_hash)
        return tuple((await session.execute(query)).one())
