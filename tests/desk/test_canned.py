import asyncio
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.canned.fill import (
    FALLBACKS,
    VARIABLES,
    check_variables,
    fill_text,
    greeting_at,
    unfilled_variable,
)
from desk.canned.find import files_of_replies, list_replies, usable_replies, visible_reply
from desk.canned.save import ReplyDraft, add_reply, change_reply, count_use, remove_reply
from desk.canned.tables import CannedReply, Scope
from desk.companies.directory import add_company
from desk.contacts.tables import Contact, ContactCompany
from desk.conversations.canned import reply_values
from desk.conversations.ownership import assign_to_queue
from desk.conversations.tables import Conversation, ConversationTicket
from desk.db import Database
from desk.demo import CANNED_REPLIES, seed_demo
from desk.errors import Invalid, NotAllowed, NotFound
from desk.events.log import SYSTEM
from desk.events.tables import Event
from desk.media.store import StoredFile, store_file
from desk.team.tables import Queue, Role, User
from desk.team.users import find_user
from desk.tickets.tables import Ticket
from tests.desk.building import a_channel, a_conversation, a_queue, a_user

NOW = datetime.now(UTC)


def a_draft(
    shortcut: str = "oi",
    text: str = "Olá!",
    scope: Scope = Scope.PERSONAL,
    queue: Queue | None = None,
    title: str = "Saudação",
) -> ReplyDraft:
    return ReplyDraft(scope, shortcut, title, text, queue.id if queue else None)


class Team:
    """Ana and Bruno answer for one queue each; Sueli supervises."""

    ana: User
    bruno: User
    sueli: User
    support: Queue
    finance: Queue


@pytest.fixture
async def team(database: Database) -> Team:
    made = Team()
    async with database.transaction() as session:
        made.support = await a_queue(session, "suporte")
        made.finance = await a_queue(session, "financeiro", 1)
        made.ana = await a_user(session, "ana@demo.ponte", queues=["suporte"])
        made.bruno = await a_user(session, "bruno@demo.ponte", queues=["financeiro"])
        made.sueli = await a_user(session, "sueli@demo.ponte", Role.SUPERVISOR)
    return made


async def texts_of(database: Database, viewer: User, words: str = "") -> list[str]:
    async with database.reading() as session:
        return [reply.text for reply in await list_replies(session, viewer, words)]


async def saved(database: Database, user: User, draft: ReplyDraft) -> CannedReply:
    async with database.transaction() as session:
        return await add_reply(session, user, draft)


def test_every_variable_has_words_for_when_nothing_is_known() -> None:
    assert VARIABLES.keys() == FALLBACKS.keys()
    assert all(FALLBACKS.values())


def test_variables_are_filled_and_gaps_say_where_a_fallback_stands() -> None:
    text = "Olá, {{contact.first_name}}! {{ Ticket.Number }}: {{brand}}"
    filled = fill_text(text, {"contact.first_name": "Maria", "brand": "Acme"})
    assert filled.text == "Olá, Maria! (número a informar): Acme"
    (gap,) = filled.gaps
    assert gap.variable == "ticket.number"
    assert filled.text[gap.start : gap.end] == FALLBACKS["ticket.number"]


def test_a_filled_text_never_holds_a_variable_even_when_nothing_is_known() -> None:
    filled = fill_text(" ".join(f"{{{{{name}}}}}" for name in VARIABLES), {})
    assert unfilled_variable(filled.text) == ""
    assert len(filled.gaps) == len(VARIABLES)


def test_a_sentence_begins_with_a_capital() -> None:
    values = {"greeting": "bom dia"}
    assert fill_text("{{greeting}}! Diga: {{greeting}}", values).text == "Bom dia! Diga: bom dia"
    assert fill_text("Oi. {{contact.name}}, oi", {}).text == "Oi. Cliente, oi"


def test_braces_in_a_value_are_only_words() -> None:
    values = {"contact.name": "{{brand}}", "brand": "Acme"}
    assert fill_text("{{contact.name}} {{brand}}", values).text == "{{brand}} Acme"


@pytest.mark.parametrize("text", ["{{contact.cpf}}", "{{}}", "{{contact.name}", "a }} b", "{{{{"])
def test_what_could_not_be_filled_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_variables(text)
    assert refused.value.field == "text"


def test_an_unknown_variable_is_named() -> None:
    with pytest.raises(Invalid, match=r"\{\{contact\.cpf\}\} não existe"):
        check_variables("{{contact.cpf}}")


@pytest.mark.parametrize(
    ("hour", "said"),
    [(4, "boa noite"), (5, "bom dia"), (11, "bom dia"), (12, "boa tarde"), (18, "boa noite")],
)
def test_the_greeting_follows_the_hour(hour: int, said: str) -> None:
    assert greeting_at(datetime(2026, 1, 1, hour, tzinfo=UTC)) == said


async def test_each_sees_their_own_their_teams_and_the_global_ones(
    database: Database, team: Team
) -> None:
    await saved(database, team.ana, a_draft("a", "da Ana"))
    await saved(database, team.sueli, a_draft("b", "do suporte", Scope.TEAM, team.support))
    await saved(database, team.sueli, a_draft("c", "de todos", Scope.GLOBAL))
    assert await texts_of(database, team.ana) == ["da Ana", "do suporte", "de todos"]
    assert await texts_of(database, team.bruno) == ["de todos"]
    assert await texts_of(database, team.sueli) == ["do suporte", "de todos"]


async def test_nobody_reaches_anothers_reply(database: Database, team: Team) -> None:
    reply = await saved(database, team.ana, a_draft())
    for stranger in (team.bruno, team.sueli):
        async with database.transaction() as session:
            with pytest.raises(NotFound):
                await visible_reply(session, stranger, reply.id)
            with pytest.raises(NotFound):
                await remove_reply(session, stranger, reply.id)


@pytest.mark.parametrize("scope", [Scope.TEAM, Scope.GLOBAL])
async def test_an_agent_writes_only_for_themselves(
    database: Database, team: Team, scope: Scope
) -> None:
    with pytest.raises(NotAllowed):
        await saved(database, team.ana, a_draft(scope=scope, queue=team.support))
    shared = await saved(database, team.sueli, a_draft(scope=scope, queue=team.support))
    async with database.transaction() as session:
        with pytest.raises(NotAllowed):
            await change_reply(session, team.ana, shared.id, a_draft(text="outra"))
    async with database.transaction() as session:
        with pytest.raises(NotAllowed):
            await remove_reply(session, team.ana, shared.id)


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (a_draft(shortcut="com espaço"), "shortcut"),
        (a_draft(shortcut="/"), "shortcut"),
        (a_draft(shortcut="x" * 41), "shortcut"),
        (a_draft(title=" "), "title"),
        (a_draft(title="x" * 121), "title"),
        (a_draft(text="\x00 "), "text"),
        (a_draft(text="x" * 4001), "text"),
        (a_draft(text="{{cpf}}"), "text"),
    ],
)
async def test_a_wrong_field_is_named(
    database: Database, team: Team, draft: ReplyDraft, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await saved(database, team.ana, draft)
    assert refused.value.field == field


async def test_a_teams_reply_needs_its_queue(database: Database, team: Team) -> None:
    with pytest.raises(Invalid, match="fila"):
        await saved(database, team.sueli, a_draft(scope=Scope.TEAM))


async def test_a_shortcut_is_kept_plain_and_is_one_reply_in_its_place(
    database: Database, team: Team
) -> None:
    reply = await saved(database, team.ana, a_draft("/Saudação"))
    assert reply.shortcut == "saudacao"
    with pytest.raises(Invalid, match="/saudacao já existe"):
        await saved(database, team.ana, a_draft("SAUDACAO"))
    await saved(database, team.bruno, a_draft("saudacao"))
    async with database.transaction() as session:
        again = await change_reply(session, team.ana, reply.id, a_draft("saudacao", "Nova"))
    assert again.text == "Nova"


@pytest.mark.parametrize("scope", list(Scope))
async def test_of_two_who_save_one_shortcut_at_once_the_second_is_told(
    database: Database, database_url: str, team: Team, scope: Scope
) -> None:
    elsewhere = Database(database_url)
    drafts = [a_draft("oi", text, scope, team.support) for text in ("uma", "outra")]
    outcomes = await asyncio.gather(
        *(saved(each, team.sueli, drafts[i]) for i, each in enumerate((database, elsewhere))),
        return_exceptions=True,
    )
    await elsewhere.close()
    refusals = [each for each in outcomes if isinstance(each, BaseException)]
    assert [type(each) for each in refusals] == [Invalid]
    assert len(await texts_of(database, team.sueli)) == 1


async def test_the_closest_of_one_shortcut_is_offered(database: Database, team: Team) -> None:
    async def offered(viewer: User, queue: Queue) -> list[str]:
        async with database.reading() as session:
            found = await usable_replies(session, viewer, "oi", queue.id)
            return [reply.text for reply in found]

    await saved(database, team.sueli, a_draft("oi", "de todos", Scope.GLOBAL))
    assert await offered(team.ana, team.support) == ["de todos"]
    await saved(database, team.sueli, a_draft("oi", "suporte", Scope.TEAM, team.support))
    await saved(database, team.sueli, a_draft("oi", "financeiro", Scope.TEAM, team.finance))
    assert await offered(team.ana, team.support) == ["suporte"]
    assert await offered(team.sueli, team.finance) == ["financeiro"]
    await saved(database, team.ana, a_draft("oi", "da Ana"))
    assert await offered(team.ana, team.support) == ["da Ana"]


async def test_without_words_what_is_used_most_comes_first(database: Database, team: Team) -> None:
    await saved(database, team.ana, a_draft("a", "primeira"))
    often = await saved(database, team.ana, a_draft("b", "segunda"))
    async with database.transaction() as session:
        await count_use(session, often.id)
    async with database.reading() as session:
        found = await usable_replies(session, team.ana)
    assert [reply.text for reply in found] == ["segunda", "primeira"]


async def test_search_knows_no_accents_and_puts_the_shortcut_first(
    database: Database, team: Team
) -> None:
    for shortcut, title, text in [
        ("fim", "Despedida", "Até logo, conte com a gente na próxima solução."),
        ("sol", "Boleto", "Segue a segunda via."),
        ("pix", "Solução de PIX", "Chave."),
    ]:
        await saved(database, team.ana, a_draft(shortcut, text, title=title))
    assert await texts_of(database, team.ana, "/SOLUCAO") == [
        "Chave.",
        "Até logo, conte com a gente na próxima solução.",
    ]
    assert (await texts_of(database, team.ana, "sol"))[0] == "Segue a segunda via."
    assert await texts_of(database, team.ana, "gente logo") == [
        "Até logo, conte com a gente na próxima solução."
    ]
    assert await texts_of(database, team.ana, "inexistente") == []


async def test_files_come_and_go_with_their_reply(
    database: Database, team: Team, tmp_path: Path
) -> None:
    first, second = [await a_file(tmp_path, name) for name in ("um.txt", "dois.txt")]
    async with database.transaction() as session:
        reply = await add_reply(session, team.ana, a_draft(text=""), [first])
        await change_reply(session, team.ana, reply.id, a_draft(), files=[second])
        files = (await files_of_replies(session, [reply.id]))[reply.id]
        assert [file.name for file in files] == ["um.txt", "dois.txt"]
        await change_reply(session, team.ana, reply.id, a_draft(), removed_media=[files[0].id])
        left = (await files_of_replies(session, [reply.id]))[reply.id]
        assert [file.name for file in left] == ["dois.txt"]
        with pytest.raises(Invalid, match="anexe"):
            await change_reply(
                session, team.ana, reply.id, a_draft(text=""), removed_media=[left[0].id]
            )


async def test_uses_are_counted_and_a_removed_reply_is_gone(database: Database, team: Team) -> None:
    reply = await saved(database, team.ana, a_draft())
    async with database.transaction() as session:
        await count_use(session, reply.id)
        await count_use(session, reply.id)
    async with database.transaction() as session:
        assert (await visible_reply(session, team.ana, reply.id)).uses == 2
        await remove_reply(session, team.ana, reply.id)
    assert await texts_of(database, team.ana) == []


async def test_changes_are_in_the_log_without_their_words(database: Database, team: Team) -> None:
    reply = await saved(database, team.sueli, a_draft(scope=Scope.GLOBAL, text="segredo"))
    async with database.transaction() as session:
        draft = a_draft(scope=Scope.GLOBAL, text="outro segredo")
        await change_reply(session, team.sueli, reply.id, draft)
        await change_reply(session, team.sueli, reply.id, draft)
        await remove_reply(session, team.sueli, reply.id)
        query = select(Event).where(Event.kind.startswith("canned_reply.")).order_by(Event.seq)
        events = (await session.execute(query)).scalars().all()
    kinds = [event.kind for event in events]
    assert kinds == ["canned_reply.created", "canned_reply.changed", "canned_reply.removed"]
    assert events[1].data["fields"] == ["text"]
    assert "segredo" not in str([event.data for event in events])


async def test_a_conversation_gives_the_values(database: Database, team: Team) -> None:
    async with database.transaction() as session:
        conversation = await a_conversation(session, await a_channel(session), name="Maria Souza")
        contact = await session.get_one(Contact, conversation.contact_id)
        assert (await values(session, conversation, team.ana))["ticket.number"] == ""
        company = await add_company(session, "11222333000181", "Padaria Estrela LTDA")
        session.add(ContactCompany(contact_id=contact.id, company_id=company.id, created_at=NOW))
        tickets = []
        for count in (1, 2, 3):
            tickets.append(a_ticket(contact.id, f"2026-00000{count}"))
        session.add_all(tickets)
        await assign_to_queue(session, conversation.id, team.support, SYSTEM)
        await session.flush()
        assert (await values(session, conversation, team.ana))["ticket.number"] == "2026-000003"
        for ticket in tickets[:2]:
            session.add(ConversationTicket(conversation_id=conversation.id, ticket_id=ticket.id))
        await session.flush()
        assert await values(session, conversation, team.ana) == {
            "contact.first_name": "Maria",
            "contact.name": "Maria Souza",
            "company.name": "Padaria Estrela LTDA",
            "ticket.number": "2026-000002",
            "agent.first_name": "Ana",
            "queue.name": "Suporte",
            "brand": "Acme",
            "greeting": "boa tarde",
        }


async def values(session: AsyncSession, conversation: Conversation, agent: User) -> dict[str, str]:
    afternoon = datetime(2026, 7, 1, 18, tzinfo=UTC)
    zone = ZoneInfo("America/Sao_Paulo")
    return await reply_values(session, conversation, agent, now=afternoon, zone=zone)


def a_ticket(contact_id: int, number: str) -> Ticket:
    return Ticket(
        number=number,
        contact_id=contact_id,
        subject="Impressora",
        created_at=NOW,
        updated_at=NOW,
    )


async def a_file(folder: Path, name: str) -> StoredFile:
    return await store_file(folder, name.encode(), name, 1000)


async def test_every_reply_of_the_demo_can_be_filled_and_written_again(
    database: Database,
) -> None:
    async with database.transaction() as session:
        assert await seed_demo(session, "senha-da-demo")
        sueli = await find_user(session, "supervisora@demo.ponte")
        assert sueli is not None
        replies = await list_replies(session, sueli)
        assert len(replies) == len(CANNED_REPLIES)
        for reply in replies:
            draft = ReplyDraft(reply.scope, reply.shortcut, reply.title, reply.text, reply.queue_id)
            await change_reply(session, sueli, reply.id, draft)
            assert fill_text(reply.text, {}).text
