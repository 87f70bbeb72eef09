"""Companies from a table: what each line would do, and doing it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.cnpj import is_valid_cnpj
from desk.companies.settings import CompanyValues, change_company, plain_cnpj
from desk.companies.tables import Company
from desk.csv_tables import Line, Plan, first_error, yes_or_no
from desk.events.changes import record_many
from desk.events.log import Actor
from desk.text import fold

COLUMNS = {
    "cnpj": ("cnpj", "cnpj da empresa", "documento", "tax id"),
    "name": ("nome", "razao social", "empresa", "nome da empresa", "nome fantasia", "name"),
    "blocked": ("bloqueada", "bloqueado", "bloqueio", "blocked"),
}
REQUIRED = ("cnpj", "name")


async def plan_companies(session: AsyncSession, lines: Sequence[Line]) -> list[Plan]:
    """What each line would do; nothing is changed."""
    cnpjs = {plain_cnpj(line.values.get("cnpj", "")) for line in lines}
    query = select(Company).where(Company.cnpj.in_(cnpjs))
    known = {company.cnpj: company for company in (await session.execute(query)).scalars()}
    return [_plan(line, known) for line in lines]


async def import_companies(session: AsyncSession, plans: Sequence[Plan], actor: Actor) -> None:
    """Does what a plan made in this transaction says."""
    now = datetime.now(UTC)
    new = [
        Company(**plan.values.model_dump(), created_at=now)
        for plan in plans
        if plan.action == "create"
    ]
    session.add_all(new)
    await session.flush()
    facts = [{"id": company.id, "fields": ["cnpj", "name"]} for company in new]
    await record_many(session, "company.created", actor, facts)
    for plan in plans:
        if plan.action == "change":
            await change_company(session, plan.row, plan.values, actor)


def key_of(line: Line) -> str:
    """What two lines of one file must not share."""
    return plain_cnpj(line.values.get("cnpj", ""))


def _plan(line: Line, known: dict[str, Company]) -> Plan:
    cnpj, label = plain_cnpj(line.values.get("cnpj", "")), line.values.get("name", "")
    if not cnpj:
        return Plan.wrong(line, label, "cnpj", "Falta o CNPJ.")
    if not is_valid_cnpj(cnpj):
        return Plan.wrong(line, label or cnpj, "cnpj", "O CNPJ não é válido.")
    company = known.get(cnpj)
    blocked = yes_or_no(line.values.get("blocked", ""))
    if blocked is None and line.values.get("blocked"):
        return Plan.wrong(line, label, "blocked", "Em “bloqueada”, use sim ou não.")
    if not label:
        return Plan.wrong(line, cnpj, "name", "Falta o nome da empresa.")
    if blocked is None:
        blocked = company.blocked if company else False
    try:
        values = CompanyValues(cnpj=cnpj, name=label, blocked=blocked)
    except ValidationError as error:
        return Plan.wrong(line, label, *first_error(error))
    if company is None:
        return Plan(line, "create", values.name, values)
    same = company.name == values.name and company.blocked == values.blocked
    return Plan(line, "skip" if same else "change", values.name, values, row=company)


def header_words() -> dict[str, str]:
    """Which column each folded header means."""
    return {fold(word): name for name, words in COLUMNS.items() for word in words}
