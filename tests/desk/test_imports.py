"""Imports: what would be done, done once, whole or gone on with."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.directory import add_company
from desk.companies.tables import Company
from desk.contacts.tables import Contact, ContactCompany, PortalAccount
from desk.csv_tables import Plan
from desk.db import Database
from desk.events.log import Actor, by_agent
from desk.events.tables import Event
from desk.imports import run
from desk.imports.run import BATCH_LINES, KINDS, import_of, keep_import, preview, run_import
from desk.team.tables import User
from tests.desk.building import a_user

COMPANIES = (
    "CNPJ;Nome;Bloqueada\n"
    "11222333000181;Padaria Estrela;\n"
    "12.ABC.345/01DE-35;Oficina;sim\n"
    "11.222.333/0001-81;Outra vez;\n"
    "11222333000199;Errada;\n"
    "90410023000167;;\n"
    "90410023000167;Aurora;talvez\n"
)
CONTACTS = (
    "nome,e-mail,cnpj,telefone\n"
    "Maria Souza,MARIA@padaria.com.br,11222333000181,(11) 91234-5678\n"
    "José,jose@padaria,11222333000181,\n"
    "Ana,ana@x.com.br,38119044000108,\n"
    "Rita,rita@x.com.br,,abc\n"
)


async def _do(database: Database, user: User, kind: str, text: str) -> dict[str, Any]:
    async with database.transaction() as session:
        kept = await keep_import(session, kind, "x.csv", text.encode(), user.id)
    done = await run_import(database, kept.id, by_agent(user.id))
    assert done.finished_at is not None
    return done.counts


async def _admin(database: Database) -> User:
    async with database.transaction() as session:
        return await a_user(session, "admin@demo.ponte")


async def test_a_preview_says_what_each_line_does_and_changes_nothing(database: Database) -> None:
    async with database.transaction() as session:
        await add_company(session, "11222333000181", "Padaria Estrela")
    async with database.reading() as session:
        found = await preview(session, "companies", COMPANIES.encode())
        assert (await session.execute(select(func.count(Company.id)))).scalar_one() == 1
    assert [plan.action for plan in found.plans] == ["skip", "create", *["error"] * 4]
    assert [plan.error for plan in found.plans if plan.error] == [
        "Repete a linha 2 deste arquivo.",
        "O CNPJ não é válido.",
        "Falta o nome da empresa.",
        "Em “bloqueada”, use sim ou não.",
    ]


async def test_the_same_file_again_changes_nothing(database: Database) -> None:
    admin = await _admin(database)
    first = await _do(database, admin, "companies", COMPANIES)
    assert (first["create"], first["error"]) == (2, 4)
    again = await _do(database, admin, "companies", COMPANIES)
    assert (again["create"], again["change"], again["skip"]) == (0, 0, 2)
    changed = await _do(database, admin, "companies", COMPANIES.replace("Oficina;sim", "Oficina;"))
    assert changed["change"] == 0  # an empty cell says nothing of blocking
    changed = await _do(database, admin, "companies", COMPANIES.replace(";sim", ";não"))
    assert changed["change"] == 1
    async with database.reading() as session:
        kinds = (await session.execute(select(Event.kind).order_by(Event.seq))).scalars().all()
    assert kinds.count("company.created") == 2
    assert kinds.count("import.finished") == 4


async def test_contacts_get_their_company_and_an_account_without_a_password(
    database: Database,
) -> None:
    admin = await _admin(database)
    async with database.transaction() as session:
        await add_company(session, "11222333000181", "Padaria Estrela")
    counts = await _do(database, admin, "contacts", CONTACTS)
    assert (counts["create"], counts["error"]) == (1, 3)
    errors = [error for _, _, error in counts["errors"]]
    assert "e-mail não é válido" in errors[0]
    assert "não está cadastrado" in errors[1]
    assert "telefone não é válido" in errors[2]
    async with database.reading() as session:
        maria = (await session.execute(select(Contact))).scalar_one()
        account = (await session.execute(select(PortalAccount))).scalar_one()
        assert (await session.execute(select(func.count()).select_from(ContactCompany))).scalar()
    assert (maria.email, account.username) == ("maria@padaria.com.br",) * 2
    assert account.password_hash == ""
    again = await _do(database, admin, "contacts", CONTACTS)
    assert (again["create"], again["change"], again["skip"]) == (0, 0, 1)


async def test_a_crash_in_the_middle_loses_and_doubles_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await _admin(database)
    lines = [f"p{number}@x.com.br;Pessoa {number}" for number in range(3 * BATCH_LINES)]
    text = "e-mail;nome\n" + "\n".join(lines)
    async with database.transaction() as session:
        kept = await keep_import(session, "contacts", "x.csv", text.encode(), admin.id)
    kind, batches = KINDS["contacts"], 0

    async def crashes(session: AsyncSession, plans: Sequence[Plan], actor: Actor) -> None:
        nonlocal batches
        batches += 1
        await kind.take(session, plans, actor)
        if batches == 2:
            raise RuntimeError("power cut")

    broken = run.Kind(kind.columns, kind.required, kind.headers, kind.key_of, kind.plan, crashes)
    monkeypatch.setitem(KINDS, "contacts", broken)
    with pytest.raises(RuntimeError):
        await run_import(database, kept.id, by_agent(admin.id))
    async with database.reading() as session:
        assert (await import_of(session, kept.id, admin.id)).position == BATCH_LINES
    done = await run_import(database, kept.id, by_agent(admin.id))
    assert (done.counts["create"], done.data) == (3 * BATCH_LINES, b"")
    async with database.reading() as session:
        assert (await session.execute(select(func.count(Contact.id)))).scalar() == 3 * BATCH_LINES
