"""Find and add companies."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.cnpj import is_valid_cnpj
from desk.companies.tables import Company
from desk.errors import Invalid


async def find_company(session: AsyncSession, cnpj: str) -> Company | None:
    """The company registered under a CNPJ written without punctuation."""
    return (
        await session.execute(select(Company).where(Company.cnpj == cnpj.upper()))
    ).scalar_one_or_none()


async def add_company(session: AsyncSession, cnpj: str, name: str) -> Company:
    """Registers a company.

    Raises:
        Invalid: the CNPJ's check digits are wrong, or the name is empty.
    """
    if not is_valid_cnpj(cnpj):
        raise Invalid("cnpj", "O CNPJ informado não é válido.")
    if not name.strip():
        raise Invalid("name", "Informe o nome da empresa.")
    company = Company(cnpj=cnpj.upper(), name=name.strip(), created_at=datetime.now(UTC))
    session.add(company)
    await session.flush()
    return company
