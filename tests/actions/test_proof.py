"""Who types a known contact's address proves it by a code, or sees nothing of theirs."""

import json
import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from desk.contacts.tables import EmailCode, PortalAccount
from desk.conversations.tables import Conversation, PerformedAction
from desk.db import Database
from desk.mail.tables import Email
from desk.tickets.opening import open_ticket
from desk.vault import Vault
from tests.actions.talking import Talk, a_known_talk, a_talk, words

MARIAS = "visitor@padariaestrela.com.br"
FORM = "proof_form"


async def letters(database: Database) -> list[str]:
    """The bodies of all e-mails, the oldest first."""
    async with database.reading() as session:
        rows = (await session.execute(select(Email).order_by(Email.id))).scalars().all()
    return [Vault("").unseal(row.sealed_body) or "" for row in rows]


async def newest_code(database: Database) -> str:
    found = re.search(r"\b\d{6}\b", (await letters(database))[-1])
    assert found is not None
    return found.group()


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def marias_ticket(maria: Talk) -> str:
    async with maria.database.transaction() as session:
        ticket = await open_ticket(
            session,
            contact_id=maria.conversation.contact_id,
            company_id=1,
            subject="Caixa travado",
            description="Trava",
            request_type_id=None,
        )
    return ticket.number


async def a_second_browser(database: Database, email: str = MARIAS) -> Talk:
    """Somebody registers from another browser with Maria's address."""
    talk = await a_talk(database, "other")
    talk.slots |= {"company_id": 1, "contact_name": "Maria S", "contact_email": email}
    await talk.hears(email, "inform_email")
    assert words(await talk.do("action_register")) == ["utter_proof_code_sent"]
    assert talk.slots["next_step"] == "prove_email"
    return talk


async def types(talk: Talk, text: str, intent: str = "menu_option") -> list[str]:
    """An answer to the question for the code, and what the bot says to it."""
    await talk.hears(text, intent)
    return words(await talk.answers(FORM, "proof_code"))


async def contact_of(talk: Talk) -> int:
    async with talk.database.reading() as session:
        row = await session.get_one(Conversation, talk.conversation.id)
        return row.contact_id


async def test_the_right_code_shows_the_known_contacts_matters(database: Database) -> None:
    maria = await a_known_talk(database)
    number = await marias_ticket(maria)
    talk = await a_second_browser(database)
    code = await newest_code(database)
    assert await types(talk, f"o código é {code[:3]} {code[3:]}") == []
    assert talk.slots["proof_code"] == "right"
    replies = await talk.do("action_prove_email")
    assert words(replies) == ["utter_proof_right", "utter_welcome_back_ticket"]
    assert replies[1]["contact_first_name"] == "Maria"
    assert (talk.slots["next_step"], talk.slots["contact_name"]) == ("show_menu", "Maria Souza")
    assert await contact_of(talk) == maria.conversation.contact_id
    assert f"#{number}" in (await talk.do("action_show_menu"))[0]["options"]


async def test_the_code_is_in_the_letter_and_nowhere_else(database: Database) -> None:
    await a_known_talk(database)
    talk = await a_second_browser(database)
    code = await newest_code(database)
    assert (await letters(database))[-1].startswith("Olá!")
    async with database.reading() as session:
        kept = (await session.execute(select(PerformedAction.result))).scalars().all()
    assert code not in json.dumps([kept, talk.slots, talk.events])
    await types(talk, code)
    assert code not in json.dumps(talk.slots)


async def test_a_repeated_turn_sends_one_letter_and_uses_one_try(database: Database) -> None:
    await a_known_talk(database)
    talk = await a_second_browser(database)
    await talk.do("action_register")
    assert len(await letters(database)) == 1
    code = await newest_code(database)
    await types(talk, another(code))
    await talk.answers(FORM, "proof_code")
    async with database.reading() as session:
        assert (await session.execute(select(EmailCode.tries_left))).scalar_one() == 4
    await types(talk, code)
    await talk.answers(FORM, "proof_code")
    assert talk.slots["proof_code"] == "right"


async def test_five_wrong_codes_end_it_and_the_right_one_comes_too_late(
    database: Database,
) -> None:
    maria = await a_known_talk(database)
    await marias_ticket(maria)
    talk = await a_second_browser(database)
    code = await newest_code(database)
    said = [(await types(talk, another(code)))[0] for _ in range(5)]
    assert said == ["utter_proof_wrong"] * 4 + ["utter_proof_too_many_tries"]
    assert talk.slots["proof_code"] == "failed"
    assert words(await talk.do("action_prove_email")) == ["utter_proof_skipped"]
    assert talk.slots["next_step"] == "show_menu"
    assert await types(talk, code) == ["utter_proof_expired"]
    assert await contact_of(talk) == talk.conversation.contact_id
    assert "Caixa travado" not in (await talk.do("action_show_menu"))[0]["options"]


async def test_an_expired_code_gives_nothing(database: Database) -> None:
    await a_known_talk(database)
    talk = await a_second_browser(database)
    async with database.transaction() as session:
        await session.execute(update(EmailCode).values(expires_at=datetime.now(UTC)))
    assert await types(talk, await newest_code(database)) == ["utter_proof_expired"]
    assert await contact_of(talk) == talk.conversation.contact_id


async def test_a_code_from_another_chat_gives_nothing(database: Database) -> None:
    maria = await a_known_talk(database)
    await a_second_browser(database)
    code = await newest_code(database)
    thief = await a_known_talk(database, "thief")
    assert await types(thief, code) == ["utter_proof_expired"]
    assert await contact_of(thief) not in (maria.conversation.contact_id, None)
    assert await contact_of(thief) == thief.conversation.contact_id


@pytest.mark.parametrize("text", ["não recebi", "reenviar", "manda de novo por favor", "n chegou"])
async def test_a_code_is_sent_again_and_the_former_is_void(database: Database, text: str) -> None:
    await a_known_talk(database)
    talk = await a_second_browser(database)
    former = await newest_code(database)
    assert await types(talk, text, "check_status") == ["utter_proof_code_again"]
    newer = await newest_code(database)
    if newer != former:
        assert await types(talk, former) == ["utter_proof_wrong"]
    assert await types(talk, newer) == []
    assert talk.slots["proof_code"] == "right"


async def test_codes_are_bounded_in_an_hour(database: Database) -> None:
    await a_known_talk(database)
    talk = await a_second_browser(database)
    said = [(await types(talk, "reenviar"))[0] for _ in range(3)]
    assert said == ["utter_proof_code_again"] * 2 + ["utter_proof_use_the_last"]
    third = await a_talk(database, "third")
    third.slots |= {"company_id": 1, "contact_name": "Eva", "contact_email": MARIAS}
    await third.hears(MARIAS, "inform_email")
    assert words(await third.do("action_register")) == ["utter_registered_without_account"]
    assert third.slots["next_step"] == "show_menu"


@pytest.mark.parametrize("text", ["continuar", "não", "quero seguir sem o código", "não é meu"])
async def test_who_has_no_code_goes_on_as_somebody_new(database: Database, text: str) -> None:
    await a_known_talk(database)
    talk = await a_second_browser(database)
    talk.slots["wanted"] = {"step": "open_ticket", "subject": "Caixa não abre"}
    await types(talk, text, "deny")
    assert words(await talk.do("action_prove_email")) == ["utter_proof_skipped"]
    assert talk.slots["next_step"] == "open_ticket"
    assert talk.slots["ticket_subject"] == "Caixa não abre"


async def test_a_mistyped_address_is_corrected_in_place_of_the_code(database: Database) -> None:
    await a_known_talk(database)
    talk = await a_second_browser(database)
    await types(talk, "errei, é eva@padariaestrela.com.br", "inform_email")
    replies = await talk.do("action_prove_email")
    assert words(replies) == ["utter_registered"]
    assert replies[0]["username"] == "eva@padariaestrela.com.br"
    async with database.reading() as session:
        assert len((await session.execute(select(PortalAccount))).scalars().all()) == 2


async def test_a_request_in_place_of_the_code_is_left_to_the_rules(database: Database) -> None:
    await a_known_talk(database)
    talk = await a_second_browser(database)
    assert await types(talk, "quero falar com uma pessoa", "talk_to_human") == []
    assert talk.slots["proof_code"] is None
    assert await types(talk, "xyz", "nlu_fallback") == ["utter_proof_unclear"]


async def test_the_lost_access_of_somebody_unproven_needs_a_code(database: Database) -> None:
    await a_known_talk(database)
    talk = await a_second_browser(database)
    await types(talk, "continuar", "affirm")
    await talk.do("action_prove_email")
    talk.loop = None
    await talk.hears("oi", "greet")
    assert words(await talk.do("action_welcome_back"))[1] == "utter_proof_menu"
    await talk.hears("esqueci minha senha", "recover_access")
    assert words(await talk.do("action_recover_access")) == ["utter_proof_code_sent"]
    assert talk.slots["next_step"] == "prove_email"
    assert len(await letters(database)) == 2


async def test_an_access_asked_for_first_is_given_after_the_proof(database: Database) -> None:
    await a_known_talk(database)
    talk = await a_talk(database, "other")
    await talk.hears("esqueci minha senha", "recover_access")
    await talk.do("action_welcome")
    talk.slots |= {"company_id": 1, "contact_name": "Maria S", "contact_email": MARIAS}
    await talk.do("action_register")
    await types(talk, await newest_code(database))
    await talk.do("action_prove_email")
    assert talk.slots["next_step"] == "recover_access"
    assert words(await talk.do("action_recover_access"))[0] == "utter_access_recovered"


async def test_a_known_customer_who_types_anothers_address_must_prove_it(
    database: Database,
) -> None:
    await a_known_talk(database)
    talk = await a_known_talk(database, "other")
    await talk.hears(f"meu e-mail é {MARIAS}", "inform_email")
    assert words(await talk.do("action_correct_email")) == ["utter_proof_code_sent"]
    assert talk.slots["next_step"] == "prove_email"
    assert talk.slots["contact_email"] == "other@padariaestrela.com.br"
