"""Companies as an admin keeps them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field
from sqlalchemy import or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.cnpj import is_valid_cnpj
from desk.companies.directory import add_company, find_company
from desk.companies.tables import Company
from desk.db import MAX_SMALL_KEY
from desk.errors import Invalid, NotFound
from desk.events.changes import apply_changes, record_changes
from desk.events.log import Actor, record_event
from desk.folding import contains, folded
from desk.keyset import read_cursor, write_cursor
from desk.shapes import Line, Values
from desk.text import fold

MAX_PAGE = 100
_NOT_IN_CNPJ = re.compile(r"[\s./\\–-]")


class CompanyValues(Values):
    """A company as somebody fills it in; the CNPJ with or without punctuation."""

    cnpj: Line = Field(max_length=40)
    name: Line = Field(min_length=1, max_length=200)
    blocked: bool = False


@dataclass(frozen=True)
class CompanyPage:
    """Companies and the cursor of the next page; None at the end."""

    rows: Sequence[Company]
    next_cursor: str | None


def plain_cnpj(text: str) -> str:
    """A CNPJ as it is kept: without punctuation, letters upper case."""
    return _NOT_IN_CNPJ.sub("", text).upper()


def company_values(company: Company) -> CompanyValues:
    """A company as it stands."""
    return CompanyValues(cnpj=company.cnpj, name=company.name, blocked=company.blocked)


async def list_companies(
    session: AsyncSession, q: str = "", cursor: str | None = None, limit: int = 50
) -> CompanyPage:
    """Companies by name, by keyset, at most 100 a page; ``q`` is found in names and CNPJs.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    size = max(1, min(limit, MAX_PAGE))
    order = (folded(Company.name), Company.id)
    query = select(Company).order_by(*order).limit(size + 1)
    if words := fold(q)[:200]:
        conditions = [contains(Company.name, words)]
        number = plain_cnpj(words)
        if any(char.isdigit() for char in number):
            conditions.append(Company.cnpj.contains(number, autoescape=True))
        query = query.where(or_(*conditions))
    if cursor:
        name, last_id = read_cursor(cursor, (str, int))
        query = query.where(tuple_(*order) > tuple_(name, last_id))
    rows = (await session.execute(query)).scalars().all()
    more = rows[size - 1] if len(rows) > size else None
    return CompanyPage(rows[:size], write_cursor(fold(more.name), more.id) if more else None)


async def company_by_id(session: AsyncSession, company_id: int) -> Company:
    """One company.

    Raises:
        NotFound: there is none.
    """
    company = await session.get(Company, max(0, min(company_id, MAX_SMALL_KEY)))
    if company is None:
        raise NotFound("Empresa não encontrada.")
    return company


async def establishments_of(session: AsyncSession, company: Company) -> Sequence[Company]:
    """The other companies of the same CNPJ root: head office and branches."""
    query = (
        select(Company)
        .where(Company.cnpj.startswith(company.root, autoescape=True), Company.id != company.id)
        .order_by(Company.cnpj)
        .limit(MAX_PAGE)
    )
    return (await session.execute(query)).scalars().all()


async def create_company(session: AsyncSession, values: CompanyValues, actor: Actor) -> Company:
    """Adds a company.

    Raises:
        Invalid: the CNPJ is wrong or known.
    """
    cnpj = await _checked_cnpj(session, values.cnpj)
    company = await add_company(session, cnpj, values.name)
    company.blocked = values.blocked
    await session.flush()
    await record_event(session, "company.created", actor, id=company.id, fields=["cnpj", "name"])
    return company


async def change_company(
    session: AsyncSession, company: Company, values: CompanyValues, actor: Actor
) -> None:
    """Changes a company; blocking it counts at once, wherever its people write next.

    Raises:
        Invalid: the CNPJ is wrong or another's.
    """
    cnpj = await _checked_cnpj(session, values.cnpj, company.id)
    changes = apply_changes(company, values.model_dump() | {"cnpj": cnpj})
    await session.flush()
    await record_changes(
        session, "company.changed", actor, company.id, changes, personal=("name", "cnpj")
    )


async def _checked_cnpj(session: AsyncSession, text: str, but_id: int = 0) -> str:
    cnpj = plain_cnpj(text)
    if not is_valid_cnpj(cnpj):
        raise Invalid("cnpj", "O CNPJ não é válido: confira os 14 caracteres e os dígitos.")
    known = await find_company(session, cnpj)
    if known is not None and known.id != but_id:
        raise Invalid("cnpj", "Este CNPJ já está cadastrado: {name}.", name=known.name)
    return cnpj
